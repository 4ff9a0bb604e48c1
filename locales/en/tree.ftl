# The chat as a tree: versions of a message, editing, deleting, branching off.

message-versions = Versions of this message
message-previous = Previous version
message-next = Next version
# $place (Number) - which version this is, from 1
# $count (Number) - how many there are
message-place = { $place } of { $count }
message-edit = Edit
message-edit-title = Edit your message
message-edit-label = Your message
message-edit-hint = It is sent as another version, with a new reply. The previous version stays, and you can go back to it.
message-edit-send = Send
message-answer = Ask for a reply
message-regenerate = Regenerate
message-more = More
message-branch = Continue in a new chat
# $minutes (Number) - how many minutes to wait
message-branch-too-often = You have made many new chats in a short time. Try again in { $minutes ->
    [one] a minute
   *[other] { $minutes } minutes
}.
message-delete-title = Delete message
message-delete-question = Delete this message?
# $count (Number) - how many messages hang below it
message-delete-more = { $count ->
    [one] The message after it will be deleted too, whichever version it belongs to.
   *[other] The { $count } messages after it will be deleted too, in all versions.
}
message-delete-yes = Delete it
# $count (Number) - how many were deleted
message-deleted = { $count ->
    [one] One message was deleted.
   *[other] { $count } messages were deleted.
}
message-undo = Undo
message-undo-orphan = The message before it was deleted too, so this one cannot be brought back by itself.
message-undo-late = It was deleted more than an hour ago and can no longer be brought back.
message-earlier = Earlier messages
message-all = All messages
message-missing = This is only a part of the chat. To have all of it on paper, open “All messages” and print that page.
chat-back = Back to the chat
message-later = Later messages
message-newest = Newest messages
message-beginning = The chat begins here.
