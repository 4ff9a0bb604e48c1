# Making an account and signing in.

username = User name
password = Password
password-confirm = Password again
password-hint = At least 8 characters. A few words that only you would put together work well.

register-title = Create an account
register-first = This is the first account, so it will be the administrator’s.
register-closed = No new accounts can be created here.
register-have-account = Already have an account?
register-name-empty = Choose a user name.
# $limit (Number) - how many characters are allowed
register-name-long = A user name can have at most { $limit } characters.
register-name-characters = A user name can’t contain invisible characters.
register-name-taken = This user name is taken. Choose another one.
# $least (Number) - how many characters at least
# $most (Number) - how many characters at most
register-password-length = A password must have { $least } to { $most } characters.
register-password-common = This password is among the first that others would guess. Choose another one.
register-confirm-differs = The two passwords are not the same. Type them again.

login-title = Sign in
login-no-account = No account yet?
login-wrong = That user name and password do not match. Check both and try again.
# $address (String) - where to open it instead
login-cookie-over-http = You signed in, but your browser could not keep that: cookies of this site travel over https only, and this page was opened over http. Open { $address } and sign in there. (If you look after this server: PUBLIC_URL and SECURE_COOKIES decide this.)
login-cookie-not-kept = You signed in, but your browser did not keep the cookie that says so. Allow cookies for this site, then sign in again.
# $seconds (Number) - how long to wait
login-too-many = { $seconds ->
    [one] Too many tries. Wait one second, then try again.
   *[other] Too many tries. Wait { $seconds } seconds, then try again.
}
login-keeps-draft = What you wrote is kept and will be waiting for you in the chat.

logout-not-ended = You are signed out in this browser, but the server could not save that just now. When you sign in again later, look at “Where you are signed in” on the account page and sign out there what is left.
