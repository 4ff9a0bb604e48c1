# Failures, each with what happened and what to do.

error-title = That did not work
error-not-found = There is nothing at this address. It may have been deleted, or it may belong to somebody else.
error-forbidden = This form did not come from a page of this site, so nothing was changed. Open the page here and try again.
error-signed-out = You are signed out. Sign in to continue.
error-too-large = This is more than can be sent at once. Make it shorter and try again.
# $seconds (Number) - how long to wait
error-too-many = { $seconds ->
    [one] You tried that too often. Wait one second, then try again.
   *[other] You tried that too often. Wait { $seconds } seconds, then try again.
}
error-too-many-open = You have too many pages open that are following a reply. Close some of them, then try again.
error-unavailable = The server cannot answer at the moment. Wait a little, then try again.
error-bad-request = The request could not be read. Go back, reload the page and try again.
error-internal = Something went wrong on the server. Nothing that was saved is lost. Try again in a moment.
