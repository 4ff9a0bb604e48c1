# Failures, each with what happened and what to do.

error-title = Something went wrong
error-nothing-here = Page not found
error-not-found = What you are looking for is not here. It may have been deleted, or it may belong to somebody else.
error-forbidden = This request seems to come from another site, so nothing was changed. Reload the page and try again. If this keeps happening, ask the administrator to set PUBLIC_URL to the address that your browser shows.
error-foreign-host = This server is not set up for the address that your browser shows. Ask the administrator to set PUBLIC_URL to that address.
error-signed-out = You are signed out. Sign in to continue.
error-too-large = This is too much to send at once. Make it shorter and try again.
# $seconds (Number) - how long to wait
error-too-many = { $seconds ->
    [one] Too many attempts. Try again in one second.
   *[other] Too many attempts. Try again in { $seconds } seconds.
}
error-too-many-open = You have too many pages open that show a live reply or are still loading. Close some, then try again.
error-too-slow = Your request arrived too slowly, so nothing was changed. Check your connection, then try again.
error-given-back = Your text is still here. Send it again in a moment, or copy it.
error-unavailable = The server is not available right now. Wait a little, then try again.
error-bad-request = The request could not be read. Go back, reload the page and try again.
error-internal = The server had a problem. Nothing that was saved is lost. Try again in a moment.
error-no-room = The server’s disk is full, so nothing could be saved. You can still read everything. Try again later, or tell the administrator.
error-not-written = The server cannot write to its disk right now, so nothing was saved. You can still read everything. Wait a little, then try again.
error-read-only = The server’s database is read-only right now, so nothing was saved. Wait a little, then try again, or tell the administrator.
error-moved = The server’s database file was moved or deleted while in use, so nothing can be saved. Tell the administrator.
error-little-room = The server’s disk is nearly full. Free up space now: when it is full, nothing more can be saved.
error-no-room-left = The server’s disk is full. No new messages are accepted until you free up space.
