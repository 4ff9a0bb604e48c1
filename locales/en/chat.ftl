# Chats, messages and replies.

you = You
model-unknown = Model
no-chats = No chats yet.
chat-actions = Chat menu
empty-first = I have tofu and eggs in the fridge. What could I cook tonight?
empty-second = Explain in simple terms how celadon gets its colour.
empty-third = Write a polite email to move our meeting to next week.
empty-fourth = Make me a one-month plan to learn the guitar in 15 minutes a day.
empty-chat = What would you like to talk about?
ai-mistakes = AI can make mistakes. Check important information.

thread-label = Messages
composer-label = Your message
composer-placeholder = Write a message
composer-send = Send
composer-stop = Stop
composer-sending = Sending…
composer-unsent = Not sent. Your message is still in the message box.
starter-unsent = Not sent. Try again when you are back online.
connection-lost = Connection lost. Reconnecting…
connection-undone = The server could not be reached, so this was probably not done. Try again in a moment.
# $model (String) - the name of the model
composer-model = Model: { $model }
composer-empty = Write a message first.
# $length (String) - how many characters the message has
# $limit (String) - how many it may have
composer-too-long = This message is too long: { $length } characters, and the limit is { $limit }. Shorten it, or send it in parts.
composer-too-many-running = You have too many replies in progress. Wait for one to finish, or stop one, then send again.
composer-still-replying = The reply is still being written. Wait for it to finish, or stop it, then send again.
composer-gone-on = This chat has new messages from another window or device. They are shown now. Read them, then send your message again: it is still in the message box.
# When a page sends again that has already sent another message
composer-key-used = This page has already sent another message. Copy your text, reload the page, then send it again.
composer-ending = The server is about to restart. Your message is still in the message box: send it again in a moment.
composer-no-room = Your message was not sent because the server’s disk is full. It is still in the message box: send it again later, or tell the administrator.
composer-not-written = Your message was not sent because the server cannot save anything right now. It is still in the message box: send it again in a moment.
composer-too-fast = { $seconds ->
    [one] You are sending messages too quickly. Your message is still in the message box: send it again in one second.
   *[other] You are sending messages too quickly. Your message is still in the message box: send it again in { $seconds } seconds.
}

rename = Rename
rename-title = Rename chat
rename-label = New title
rename-save = Save
rename-empty = Enter a title.
# $limit (Number) - how many characters are allowed
rename-too-long = A title can have at most { $limit } characters.
cancel = Cancel
edit = Edit
delete = Delete
delete-heading = Delete chat
delete-title = Delete this chat?
delete-question = This deletes all its messages. You cannot undo this.
delete-yes = Delete chat

# $place (Number) - the place in the line, from 1
reply-queued = In line: number { $place }…
reply-waiting = The model is reading…
reply-thinking = The model is thinking…
# $attempt (Number) - which try this is
# $of (Number) - how many there are
reply-retrying = The model server did not respond. Trying again ({ $attempt } of { $of })…
reply-follow = Watch the reply live
reply-show-final = Show the finished reply
reply-try-again = Try again
reply-continue = Continue reply
reply-too-many-running = You have too many replies in progress. Wait for one to finish, or stop one, then try again.
reply-ending = The server is about to restart. Try again in a moment.
reply-reasoning = Thoughts
# A link at the end of a page that had to end before the reply did
reply-goes-on = The reply is not finished yet. See the rest
# $count (Number) - how many messages were left out
# $grouped (String) - the same with its thousands apart
reply-dropped = { $count ->
    [one] This chat is long, so its oldest message was not sent to the model.
   *[other] This chat is long, so its { $grouped } oldest messages were not sent to the model.
}
# In a page that follows a reply, when nothing comes any more; the first with a link to where it goes on
reply-cut = The connection was lost.
reply-reconnecting = The connection was lost. Reconnecting…
reply-finished = Reply finished.
reply-stopped = Stopped. The text so far has been kept.
reply-stopped-early = Stopped before the first word.
reply-interrupted = The server restarted while this reply was being written. The text so far has been kept.
reply-interrupted-early = The server restarted before the first word of this reply. Try again.
reply-length = The reply reached its maximum length. Select “Continue reply” for the rest. If this happens often, raise the maximum reply length in the chat settings.
reply-filtered = The model provider’s content filter cut this reply off.
reply-failed = The reply could not be finished. Try again.
reply-wrong-key = The model server did not accept the API key. Ask the administrator to check OPENAI_API_KEY.
reply-unknown-model = The model server does not have this model. Choose another one in the chat settings, or ask the administrator to check OPENAI_MODEL.
reply-too-long = The chat is longer than this model can read. Start a new chat, or send a shorter message.
reply-rate-limited = The model server is too busy, or its usage limit was reached. Wait a little, then try again. If this goes on, tell the administrator.
reply-unreachable = The model server cannot be reached. Ask the administrator whether it is running, then try again.
reply-overloaded = The model server is having problems. Wait a little, then try again.
reply-silent = The model server did not respond in time. Try again.
reply-cut-off = The connection to the model server was lost. The text so far has been kept. Try again.
reply-cut-off-early = The connection to the model server was lost before the first word. Try again.
reply-too-large = The reply was longer than Damso accepts, so it was cut off. The text so far has been kept.
reply-refused = The model server refused the request. Try again, or ask the administrator.
reply-garbled = Damso could not read what the model server sent. Ask the administrator to check OPENAI_BASE_URL.
reply-reported = The model server reported an error during the reply. Try again.
reply-cut-short = The model server ended this reply early. The text so far has been kept.
reply-no-credit = The account at the model provider has no credit left. Trying again will not help until the administrator adds credit.
reply-moderated = The model provider’s rules do not allow this message. Reword it, or use another model.
reply-region = The model provider does not serve the country this server is in. Use another model, or ask the administrator.
reply-blocked = Something between Damso and the model server, such as a firewall, blocked the request. Ask the administrator.
reply-empty = The model sent an empty reply. Try again.
reply-only-thoughts = The model thought, but wrote no reply. Try again.
reply-endless-thoughts = The model used up the maximum reply length while thinking, before it wrote a reply. Raise the maximum reply length in the chat settings, or try again.
reply-only-tool-call = The model tried to use a tool instead of replying, but it has no tools here. Try again, or use another model.
reply-only-media = The model sent no text, only something that cannot be shown here, such as a picture. Use another model.
# $attempt (Number) - which try this is
# $of (Number) - how many there are
reply-busy = The model server is busy. Trying again ({ $attempt } of { $of })…
# $said (String) - what the model server said, in its language
reply-said = The model server said: “{ $said }” (only administrators see this)
