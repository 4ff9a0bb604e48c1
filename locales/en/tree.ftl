# The chat as a tree: versions of a message, editing, deleting, branching off.

message-versions = Versions of this message
message-previous = Previous version
message-next = Next version
# $place (Number) - which version this is, from 1
# $count (Number) - how many there are
message-place = { $place } of { $count }
message-edit-title = Edit message
message-edit-label = Your message
message-edit-hint = This sends a new version and gets a new reply. The old version is kept: switch with ‹ and ›.
message-edit-send = Send
message-answer = Get a reply
message-regenerate = Regenerate
message-more = More
message-branch = Branch into a new chat
# $minutes (Number) - how many minutes to wait
message-branch-too-often = You have started many new chats in a short time. Try again in { $minutes ->
    [one] a minute
   *[other] { $minutes } minutes
}.
message-delete-title = Delete message
message-delete-question = Delete this message? You can undo this right after.
# $count (Number) - how many messages hang below it
message-delete-more = { $count ->
    [one] The message that follows, in whichever version, is deleted too.
   *[other] The { $count } messages that follow, in every version, are deleted too.
}
message-delete-yes = Delete message
# $count (Number) - how many were deleted
message-deleted = { $count ->
    [one] One message was deleted.
   *[other] { $count } messages were deleted.
}
message-undo = Undo
message-undo-orphan = The message before this one was deleted too, so this one cannot be restored by itself.
message-undo-late = This message was deleted more than an hour ago and can no longer be restored.
message-earlier = Earlier messages
message-all = All messages
message-missing = This is only part of the chat. To print all of it, open “All messages” and print that page.
chat-back = Back to the chat
message-later = Later messages
message-newest = Newest messages
message-beginning = The chat begins here.
