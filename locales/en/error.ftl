# Failures, each with what happened and what to do.

error-title = That did not work
error-nothing-here = Nothing here
error-not-found = There is nothing at this address. It may have been deleted, or it may belong to somebody else.
error-forbidden = This form did not come from a page of this site, so nothing was changed. Open the page here and try again. If that does not help, ask whoever runs this server to set PUBLIC_URL to the address that your browser shows.
error-foreign-host = This server does not know the address that your browser shows as its own. Ask whoever runs it to set PUBLIC_URL to that address.
error-signed-out = You are signed out. Sign in to continue.
error-too-large = This is more than can be sent at once. Make it shorter and try again.
# $seconds (Number) - how long to wait
error-too-many = { $seconds ->
    [one] You tried that too often. Wait one second, then try again.
   *[other] You tried that too often. Wait { $seconds } seconds, then try again.
}
error-too-many-open = You have too many pages open that are following a reply or have not loaded yet. Close some of them, then try again.
error-too-slow = What you sent arrived too slowly, so nothing was changed. Check your connection, then try again.
error-given-back = What you wrote is still here. Send it again in a moment, or copy it.
error-unavailable = The server cannot answer at the moment. Wait a little, then try again.
error-bad-request = The request could not be read. Go back, reload the page and try again.
error-internal = Something went wrong on the server. Nothing that was saved is lost. Try again in a moment.
error-no-room = The server’s disk is full, so nothing could be saved. What is here can still be read. Try again later, or tell whoever runs this server.
error-not-written = The server cannot write to its disk at the moment, so nothing was saved. What is here can still be read. Wait a little, then try again.
error-read-only = The server’s database can only be read at the moment, so nothing was saved. Wait a little, then try again, or tell whoever runs this server.
error-moved = The server’s database file was moved or deleted while it was in use, so nothing can be saved. Tell whoever runs this server.
error-little-room = The server’s disk is nearly full. Make room before nothing more can be saved.
error-no-room-left = The server’s disk is full: no messages are taken until you make room.
