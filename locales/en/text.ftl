# Taking a text elsewhere
message-raw = View source
# What the controls of a block of code and the boxes of a list are called, for those who cannot see them
code-copy = Copy code
task-done = Done
task-todo = To do
