# Chats, messages and replies.

you = You
model-unknown = Model
no-chats = No chats yet.
chat-actions = This chat
empty-first = I have tofu and eggs in the fridge. What could I cook tonight?
empty-second = Explain in simple terms how celadon gets its colour.
empty-third = Write a polite email to move our meeting to next week.
empty-fourth = Make me a one-month plan to learn the guitar in 15 minutes a day.
empty-chat = What would you like to talk about?

thread-label = Messages
composer-label = Your message
composer-placeholder = Write a message
composer-send = Send
composer-stop = Stop
composer-sending = Sending…
composer-unsent = Not sent. Your message is still in the box.
starter-unsent = Not sent. Choose it again once there is a connection.
connection-lost = No connection. Trying again…
# $model (String) - the name of the model
composer-model = Model: { $model }
composer-empty = Write something first.
# $length (String) - how many characters the message has
# $limit (String) - how many it may have
composer-too-long = This message has { $length } characters; at most { $limit } can be sent. Shorten it or send it in parts.
composer-too-many-running = You already have as many replies running or waiting as you are allowed. Wait for one to finish, or stop one, then send again.
composer-still-replying = The reply is still being written. Wait for it to finish, or stop it, then send again.
composer-gone-on = This chat has gone on somewhere else. The page is now up to date, and your text is still in the box: have a look, then send it again.
composer-ending = The server is about to restart. Your text is still in the box: send it again in a moment.
composer-no-room = Your message was not sent: the server’s disk is full. It is still in the box; send it again later, or tell whoever runs this server.
composer-not-written = Your message was not sent: the server cannot save anything at the moment. It is still in the box; send it again in a moment.
composer-too-fast = { $seconds ->
    [one] You have sent a lot in a short time. Your text is still in the box: send it again in a second.
   *[other] You have sent a lot in a short time. Your text is still in the box: send it again in { $seconds } seconds.
}

rename = Rename
rename-title = Rename this chat
rename-label = New title
rename-save = Save
rename-empty = Write a title.
# $limit (Number) - how many characters are allowed
rename-too-long = A title can have at most { $limit } characters.
cancel = Cancel
delete = Delete
delete-heading = Delete chat
delete-title = Delete this chat?
delete-question = All the messages in it will be deleted too, and cannot be brought back.
delete-yes = Delete it

# $place (Number) - the place in the line, from 1
reply-queued = Waiting for its turn: number { $place } in line…
reply-waiting = The model is reading…
reply-thinking = The model is thinking…
# $attempt (Number) - which try this is
# $of (Number) - how many there are
reply-retrying = The model server did not answer. Trying again ({ $attempt } of { $of })…
reply-follow = Show the reply as it is written
reply-show-final = Show the reply in its final form
reply-try-again = Try again
reply-continue = Continue
reply-too-many-running = You already have as many replies running or waiting as you are allowed. Wait for one to finish, or stop one, then try again.
reply-ending = The server is about to restart. Try again in a moment.
reply-reasoning = What the model thought first
# A link at the end of a page that had to end before the reply did
reply-goes-on = The reply goes on: show more
# $count (Number) - how many messages were left out
# $grouped (String) - the same with its thousands apart
reply-dropped = { $count ->
    [one] The oldest message of this chat did not fit and was not sent to the model.
   *[other] The { $grouped } oldest messages of this chat did not fit and were not sent to the model.
}
# In a page that follows a reply, when nothing comes any more; the first with a link to where it goes on
reply-cut = The connection was lost.
reply-reconnecting = The connection was lost. Trying again…
reply-finished = Reply finished.
reply-stopped = Stopped. The text so far has been kept.
reply-stopped-early = Stopped before the first word.
reply-interrupted = The server was restarted while this was being written. The text so far has been kept.
reply-interrupted-early = The server was restarted before the first word of this reply. Try again.
reply-length = The reply reached the maximum length that the model allows.
reply-filtered = The model provider’s content filter cut this reply off.
reply-failed = The reply could not be finished. Try again.
reply-wrong-key = The model server did not accept the key. Ask the administrator to check OPENAI_API_KEY.
reply-unknown-model = The model server does not have this model. Choose another one in the chat’s settings, or ask the administrator to check OPENAI_MODEL.
reply-too-long = The chat is longer than this model can read. Start a new chat, or send a shorter message.
reply-rate-limited = The model server is too busy, or a usage limit was reached. Wait a little, then try again.
reply-unreachable = The model server cannot be reached. Ask the administrator whether it is running, then try again.
reply-overloaded = The model server is having problems. Wait a little, then try again.
reply-silent = The model server did not answer in time. Try again.
reply-cut-off = The connection to the model server was lost. The text so far has been kept. Try again.
reply-cut-off-early = The connection to the model server was lost before the first word. Try again.
reply-too-large = The reply was longer than Damso accepts, so it was cut off. The text so far has been kept.
reply-refused = The model server refused the request. Try again, or ask the administrator.
reply-garbled = The model server sent something that is not a reply. Ask the administrator to check OPENAI_BASE_URL.
reply-reported = The model server reported an error while it was answering. Try again.
reply-cut-short = The model server broke this reply off. The text so far has been kept.
reply-no-credit = The account at the model provider has no credit left. Trying again won’t help until the administrator tops it up.
reply-moderated = The model provider’s rules don’t allow this. Put it differently, or use another model.
reply-region = The model provider doesn’t serve the country this server is in. Use another model, or ask the administrator.
reply-blocked = Something in front of the model server, such as a firewall, blocked the request. Ask the administrator.
reply-empty = The model sent an empty reply. Try again.
reply-only-thoughts = The model only thought and wrote no answer. Try again.
reply-endless-thoughts = The model used up the maximum reply length with thinking, before its answer. Allow longer replies in the chat’s settings, or try again.
reply-only-tool-call = The model wanted to use a tool instead of answering, but it has none here. Try again, or use another model.
reply-only-media = The model sent something that cannot be shown here, such as a picture, and no text. Use another model.
# $attempt (Number) - which try this is
# $of (Number) - how many there are
reply-busy = The model server is busy. Trying again ({ $attempt } of { $of })…
# $said (String) - what the model server said, in its language
reply-said = The model server said: “{ $said }” (only administrators see this)
