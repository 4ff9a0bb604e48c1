# Taking a text elsewhere
message-copy = Copy
message-raw = Plain text
# What the controls of a block of code and the boxes of a list are called, for those who cannot see them
code-copy = Copy code
code-wrap = Wrap lines
task-done = Done
task-todo = To do
