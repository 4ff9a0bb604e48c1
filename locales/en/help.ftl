# The help page.

help = Help

help-keys = Without a mouse
help-keys-tab = Tab goes to the next link, button or field, Shift and Tab to the one before, and Enter presses it. The first link on every page, which appears when it has the focus, skips to the content.
help-keys-order = In a chat, Tab goes through the list of chats, the title and the message box, and then through the messages from the oldest to the newest. When the messages have the focus, the arrow keys scroll them.
help-keys-access = Some places have a key of their own. Press it while holding Alt in Chrome and Edge, Alt and Shift in Firefox, or Control and Option on a Mac:

help-writing = Writing
help-writing-enter = Enter sends the message; Shift and Enter start a new line. Without JavaScript, Enter always starts a new line; press Tab, then Enter, to send.
help-writing-markdown = Your message is shown, and sent to the model, just as you typed it. Replies are shown as Markdown: headings, lists, tables, code, formulas, footnotes. You can write Markdown too; models understand it.

help-reply = While a reply is being written
help-reply-goes-on = It goes on even if you leave the page or close the browser, until it is done or you press Stop. Open the chat again on any device to see how far it has got.
help-reply-sign = The title of the browser tab begins with ⋯ while a reply is being written, and with ✓ when it is done. A screen reader announces once that it has ended.

help-script = Without JavaScript
help-script-works = Everything works. The page stays open while the reply grows, and you can write your next message in the meantime.
help-script-lacks = These need JavaScript: sending with Enter, copying with a button, and changing part of the page in place. The sign in front of the title stays until you open the chat again.

help-text = In a terminal
help-text-same = Text browsers get the same pages and forms.
help-text-cut = A reply that has no Regenerate below it is not complete. If nothing more comes, the connection was lost: load the page again to see how far the reply has got.
help-text-w3m = w3m: Tab goes to the message box, and Enter opens it in your editor. Save, leave the editor, then press Tab and Enter. w3m shows a reply once it is complete.
help-text-lynx = Lynx: the arrow keys go to the message box, and you can write there right away. Control and X, then E, opens it in your editor. A reply is shown as it arrives, a short one only with PARTIAL_THRES:1 in lynx.cfg.
help-text-links = Links and ELinks: the arrow keys go to the message box and to the Send button. A reply is shown as it arrives.
