# One's own account: name, password, sessions, deleting it.

account = Account
# $day (String) - a day in words
account-since = Account created on { $day }.
account-name = Username
account-name-change = Change username
account-name-changed = Your username has been changed. Use it from now on to sign in.
account-password-current = Current password
account-password-current-hint = This keeps others from deleting your account while you are away.
account-password-new = New password
account-password-new-confirm = Confirm new password
account-password-change = Change password
account-password-hint = You will be signed out on all other devices.
account-password-changed = Your password has been changed. You are signed out on all other devices.
account-password-wrong = This is not your current password. Check it and try again.

sessions = Your devices
sessions-this = This browser
sessions-unknown = Unknown browser
# $days (Number) - how many days ago
sessions-used = { $days ->
    [0] Last used today
    [1] Last used yesterday
   *[other] Last used { $days } days ago
}
# $days (Number) - how many days ago
sessions-began = { $days ->
    [0] signed in today
    [1] signed in yesterday
   *[other] signed in { $days } days ago
}
sessions-end = Sign out
sessions-ended = That device has been signed out.
sessions-end-others = Sign out on all other devices
sessions-others-ended = All other devices have been signed out.
sessions-only = You are not signed in on any other device.

delete-account = Delete account
delete-account-hint = This deletes everything in your account. You cannot undo this.
delete-account-title = Delete your account?
delete-account-what = This will be deleted for good:
# $count (Number) - how many chats there are
delete-account-chats = { $count ->
    [0] your chats (you have none)
    [one] your only chat, with all its messages
   *[other] your { $count } chats, with all their messages
}
# $count (Number) - how many personas there are
delete-account-personas = { $count ->
    [0] your personas (you have none)
    [one] your only persona
   *[other] your { $count } personas
}
delete-account-rest = your settings, your username and your password
delete-account-sessions = You will be signed out on all devices, and replies in progress will stop. Somebody else may then take your username.
delete-account-alone = Nobody else has an account here, so whoever creates the next one will be the administrator.
delete-account-needed = You are the only administrator, so your account can be deleted only after all other accounts have been deleted.
delete-account-sure = Yes, delete my account and everything in it
delete-account-not-sure = Tick this box if you really want to delete your account.
delete-account-done = Your account and everything in it have been deleted.
