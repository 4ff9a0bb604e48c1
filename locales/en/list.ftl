# The list of chats.

chats-today = Today
chats-yesterday = Yesterday
chats-week = Previous 7 days
chats-thirty-days = Previous 30 days
chats-replying = replying
chats-older = Older chats
chats-newest = Newest chats
