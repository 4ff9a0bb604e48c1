# The help page.

help = Help

help-keys = Keyboard
help-keys-tab = Tab goes to the next link, button or field, Shift and Tab to the one before, and Enter presses it. The first link on every page, which appears when it has the focus, skips to the content.
help-keys-order = In a chat, Tab goes through the list of chats, the title and the message box, and then through the messages from the oldest to the newest. When the messages have the focus, the arrow keys scroll them.
help-keys-access = There are shortcuts for some places. Hold Alt in Chrome and Edge, Alt and Shift in Firefox, or Control and Option on a Mac, and press:

help-writing = Writing messages
help-writing-enter = Enter sends the message; Shift and Enter start a new line. Without JavaScript, Enter always starts a new line; press Tab, then Enter, to send.
help-writing-markdown = Your message is shown, and sent to the model, just as you typed it. Replies are shown as Markdown: headings, lists, tables, code, formulas, footnotes. You can write Markdown too; models understand it.

help-reply = While a reply is being written
help-reply-goes-on = It continues even if you leave the page or close the browser, until it is finished or you select Stop. Open the chat again on any device to see how far it has got.
help-reply-sign = The title of the browser tab begins with ⋯ while a reply is being written, and with ✓ when it is finished. A screen reader announces once that it has ended.

help-words = What the words mean
help-word-model = Model: the AI that writes the replies. A larger model usually knows more and is slower.
help-word-persona = Persona: a model with its own name, instructions and greeting. Set it up once, then choose it for a new chat.
help-word-prompt = System prompt: instructions that the model reads before the chat.
help-word-temperature = Temperature and Top-p: how freely the model chooses its words. It is best to change only one of them, or neither.
help-word-token = Token: a piece of a word. Models measure the length of text in tokens.
help-word-effort = Reasoning effort: how much a model thinks before it replies.

help-data = Your data
help-data-stored = Your chats are stored on this server. To get a reply, the messages of the chat and its system prompt are sent to the AI model that the administrator has connected, and nowhere else.
help-data-admin = The administrator is the person who created the first account here. No page shows your chats to anybody else, not even to the administrator, but whoever runs the server can read its database.
help-data-undo = You can undo deleting a message right after. Deleted chats and accounts cannot be restored.

help-script = Without JavaScript
help-script-works = Everything works. The page stays open while the reply grows, and you can write your next message in the meantime.
help-script-lacks = These need JavaScript: sending with Enter, copying with a button, and updating part of a page in place. The sign in front of the title stays until you open the chat again.

help-text = Text browsers
help-text-same = Damso has the same pages and forms in a terminal.
help-text-cut = A reply without “Regenerate” below it is not complete. If nothing more comes, the connection was lost: reload the page to see how far the reply has got.
help-text-w3m = w3m: Tab goes to the message box, and Enter opens it in your editor. Save, leave the editor, then press Tab and Enter. w3m shows a reply once it is complete.
help-text-lynx = Lynx: the arrow keys go to the message box, and you can write there right away. Control and X, then E, opens it in your editor. A reply is shown as it arrives, a short one only with PARTIAL_THRES:1 in lynx.cfg.
help-text-links = Links and ELinks: the arrow keys go to the message box and to the Send button. A reply is shown as it arrives.
