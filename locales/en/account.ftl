# One's own account: name, password, sessions, deleting it.

account = Account
# $day (String) - the day of the month
# $month (Number) - the month, from 1
# $year (String) - the year
account-day = { $month ->
    [1] January
    [2] February
    [3] March
    [4] April
    [5] May
    [6] June
    [7] July
    [8] August
    [9] September
    [10] October
    [11] November
   *[12] December
} { $day }, { $year }
# $day (String) - a day in words
account-since = You have had this account since { $day }.
account-name = Name
account-name-change = Change name
account-name-changed = Your name is changed. You sign in with the new one from now on.
account-password-current = Current password
account-password-current-hint = So that nobody who finds your browser open can do this.
account-password-new = New password
account-password-new-confirm = New password again
account-password-change = Change password
account-password-hint = You will be signed out everywhere else.
account-password-changed = Your password is changed. You are signed out everywhere else.
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
sessions-ended = That browser is signed out.
sessions-end-others = Sign out everywhere else
sessions-others-ended = You are signed out everywhere else.
sessions-only = You are signed in nowhere else.

leave = Delete account
leave-hint = Everything in your account is deleted with it. That cannot be undone.
leave-title = Delete your account?
leave-what = This will be deleted for good:
# $count (Number) - how many chats there are
leave-chats = { $count ->
    [0] no chats: you have none
    [one] your one chat, with all its messages
   *[other] your { $count } chats, with all their messages
}
# $count (Number) - how many personas there are
leave-personas = { $count ->
    [0] no personas: you have none
    [one] your one persona
   *[other] your { $count } personas
}
leave-rest = your settings, your name and your password
leave-sessions = You will be signed out everywhere, and replies that are being written are stopped. Somebody else may take your name.
leave-alone = Nobody else has an account here: whoever makes the next one will be the administrator.
leave-needed = You are the only administrator. As long as other people have accounts here, yours cannot be deleted.
leave-sure = Yes, delete my account and everything in it
leave-not-sure = Tick this box if your account is really to be deleted.
leave-done = Your account and everything in it is deleted.
