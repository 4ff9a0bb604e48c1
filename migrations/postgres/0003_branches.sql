-- Chats are trees: a message may have several after it, and parts of a tree may be deleted.

alter table messages add column deleted_at bigint;  -- null: it is there
alter table messages add column deleted_with uuid;  -- the message at the top of what was deleted at once

-- A message's place among those that follow the same one, the newest one of these, and the next of
-- a chat without looking at the others.
create index messages_in_tree on messages (chat_id, parent_id, id, deleted_at);
drop index messages_by_chat;

create index messages_deleted on messages (deleted_at) where deleted_at is not null;
