# Making an account and signing in.

username = Username
password = Password
password-confirm = Confirm password
password-hint = At least 8 characters. A few words that only you would put together work well.

register-title = Create an account
register-first = This is the first account, so you will be the administrator.
register-closed = Sign-up is closed here. If you need an account, ask the administrator.
register-have-account = Already have an account?
register-name-empty = Choose a username.
# $limit (Number) - how many characters are allowed
register-name-long = A username can have at most { $limit } characters.
register-name-characters = A username cannot contain invisible characters.
register-name-taken = This username is taken. Choose another one.
# $least (Number) - how many characters at least
# $most (Number) - how many characters at most
register-password-length = Use { $least } to { $most } characters.
register-password-common = This password is too easy to guess. Choose another one.
register-confirm-differs = The passwords do not match. Type them again.

login-title = Sign in
login-no-account = No account yet?
login-wrong = The username or password is wrong. Check both and try again.
# $address (String) - where to open it instead
login-cookie-over-http = You signed in, but your browser cannot stay signed in: cookies of this site work over https only, and this page was opened over http. Open { $address } and sign in there. (Administrators: check PUBLIC_URL and SECURE_COOKIES.)
login-cookie-not-kept = You signed in, but your browser did not save the cookie that keeps you signed in. Allow cookies for this site, then sign in again.
# $seconds (Number) - how long to wait
login-too-many = { $seconds ->
    [one] Too many attempts. Try again in one second.
   *[other] Too many attempts. Try again in { $seconds } seconds.
}
login-keeps-draft = What you wrote is kept and will be waiting for you in the chat.

logout-not-ended = You are signed out in this browser, but the server could not save that. When you sign in again later, look at “Your devices” on the account page and sign out what is left there.
