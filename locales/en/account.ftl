# One's own account: name, password, sessions, deleting it.

account = Account
# $day (String) - a day in words
account-since = You have had this account since { $day }.
account-name = Name
account-name-change = Change name
account-name-changed = Your name has been changed. From now on, sign in with the new one.
account-password-current = Current password
account-password-current-hint = So that nobody who finds your browser open can delete your account.
account-password-new = New password
account-password-new-confirm = New password again
account-password-change = Change password
account-password-hint = You will be signed out everywhere else.
account-password-changed = Your password has been changed. You are signed out everywhere else.
account-password-wrong = This is not your current password. Check it and try again.

sessions = Where you are signed in
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
sessions-end = Sign out there
sessions-ended = That browser has been signed out.
sessions-end-others = Sign out everywhere else
sessions-others-ended = You have been signed out everywhere else.
sessions-only = You are not signed in anywhere else.

delete-account = Delete account
delete-account-hint = Everything in your account will be deleted with it. This cannot be undone.
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
delete-account-rest = your settings, your name and your password
delete-account-sessions = You will be signed out everywhere, and replies that are still being written will stop. Somebody else may then take your name.
delete-account-alone = Nobody else has an account here, so whoever creates the next one will be the administrator.
delete-account-needed = You are the only administrator, so your account cannot be deleted while other people have accounts here.
delete-account-sure = Yes, delete my account and everything in it
delete-account-not-sure = Tick this box if you really want to delete your account.
delete-account-done = Your account and everything in it have been deleted.
