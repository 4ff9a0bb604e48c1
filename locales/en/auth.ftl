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
# $seconds (Number) - how long to wait
login-too-many = { $seconds ->
    [one] Too many tries. Wait one second, then try again.
   *[other] Too many tries. Wait { $seconds } seconds, then try again.
}
login-keeps-draft = What you wrote is kept and will be waiting for you in the chat.
