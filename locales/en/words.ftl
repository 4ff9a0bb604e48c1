# Words that the style sheet says, as the HTML of a reply is the same for every language. One line each.
words-copy = Copy
words-wrap = Wrap lines
words-plain = raw
words-note = Note
words-tip = Tip
words-important = Important
words-warning = Warning
words-caution = Caution
