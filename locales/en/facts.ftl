# What is told below a reply, and how to get to the newest one.

# $sent (String) - how many tokens the conversation had
# $said (String) - how many the reply had
facts-tokens = Tokens: { $sent } in, { $said } out
# $sent (String) - the same, estimated
# $said (String) - the same, estimated
facts-about-tokens = Tokens: about { $sent } in, about { $said } out
# $rate (String) - how many
facts-speed = { $rate } tokens per second
# $rate (String) - how many, estimated
facts-about-speed = about { $rate } tokens per second
newest = Jump to the latest
