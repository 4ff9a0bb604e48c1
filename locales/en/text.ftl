# Taking a text elsewhere
message-copy = Copy
message-raw = Plain text
