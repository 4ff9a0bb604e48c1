# The help page.

help = Help

help-keys = Without a mouse
help-keys-tab = Tab goes to the next link, button or field, Shift and Tab to the one before, and Enter presses it. The first link of each page, which is seen when it has the focus, skips to the content.
help-keys-order = In a chat Tab goes through the list of chats, the title and the message box, and then the messages from the oldest to the newest. Where the messages have the focus, the arrow keys scroll them.
help-keys-access = Some places have a key of their own. Hold Alt with it in Chrome and Edge, Alt and Shift in Firefox, Control and Option on a Mac:

help-writing = Writing
help-writing-enter = Enter sends the message; Shift and Enter begin a new line. Without JavaScript Enter always begins a new line, and Tab, then Enter, sends.
help-writing-markdown = Your message is shown, and sent to the model, just as you typed it. Replies are shown as Markdown: headings, lists, tables, code, formulas, footnotes. You can write Markdown too; models understand it.

help-reply = While a reply is written
help-reply-goes-on = It goes on when you leave the page or close the browser, until it is done or you press Stop. Open the chat again on any device to see where it is.
help-reply-sign = The title of the browser’s tab begins with ⋯ while a reply is written, and with ✓ when it is done. A screen reader says once that it has ended.

help-script = Without JavaScript
help-script-works = Everything works. The page stays open while the reply grows in it, and you can write your next message meanwhile.
help-script-lacks = What needs JavaScript: sending by Enter, copying by one press, and changing a part of the page in place. The sign before the title stays until you open the chat again.

help-text = In a terminal
help-text-same = Text browsers have the same pages and forms.
help-text-w3m = w3m: Tab goes to the message box, and Enter opens it in your editor. Save, leave the editor, press Tab and then Enter. w3m shows a reply when it is whole.
help-text-lynx = Lynx: the arrow keys go to the message box, where you write. Control and X, then E, opens it in your editor. A reply is shown as it comes.
help-text-links = Links and ELinks: the arrow keys go to the message box and to the button Send. A reply is shown as it comes.
