-- Tables that what comes next can grow on. Unlike the steps before, this one rewrites rows: a backup
-- of the file is made before it, no older server may be running, and foreign keys are off meanwhile
-- (src/db/migrate.rs). It is one transaction, so it is there whole or not at all.

-- What somebody may do: member, administrator.
alter table users add column role text not null default 'member';
update users set role = 'administrator' where is_admin;
alter table users drop column is_admin;
create index users_by_role on users (role, deleted_at);
create index users_deleted on users (deleted_at) where deleted_at is not null;

-- What is set for replies, in one column: a JSON object that src/presets reads and checks. What is not
-- set is not in it.
alter table chats add column preset text not null default '{}';
update chats set preset = json_patch('{}', json_object(
    'model', cast(model as text), 'system_prompt', cast(system_prompt as text),
    'temperature', temperature / 1000.0, 'top_p', top_p / 1000.0, 'max_tokens', max_tokens,
    'effort', cast(effort as text)));
alter table chats drop column model;
alter table chats drop column system_prompt;
alter table chats drop column temperature;
alter table chats drop column top_p;
alter table chats drop column max_tokens;
alter table chats drop column effort;

alter table defaults add column preset text not null default '{}';
update defaults set preset = json_patch('{}', json_object(
    'model', cast(model as text), 'system_prompt', cast(system_prompt as text),
    'temperature', temperature / 1000.0, 'top_p', top_p / 1000.0, 'max_tokens', max_tokens,
    'effort', cast(effort as text)));
alter table defaults drop column model;
alter table defaults drop column system_prompt;
alter table defaults drop column temperature;
alter table defaults drop column top_p;
alter table defaults drop column max_tokens;
alter table defaults drop column effort;

alter table personas add column preset text not null default '{}';
update personas set preset = json_patch('{}', json_object(
    'model', cast(model as text), 'system_prompt', cast(system_prompt as text),
    'temperature', temperature / 1000.0, 'top_p', top_p / 1000.0, 'max_tokens', max_tokens,
    'effort', cast(effort as text)));
alter table personas drop column model;
alter table personas drop column system_prompt;
alter table personas drop column temperature;
alter table personas drop column top_p;
alter table personas drop column max_tokens;
alter table personas drop column effort;

-- SQLite cannot take a CHECK away, and what a column may hold will grow: the program is the check.
-- A message is inserted once. Of a reply, only what its making tells is filled in later.
create table new_messages (
    id                blob    not null primary key,
    chat_id           blob    not null references chats (id) on delete cascade,
    user_id           blob    not null,      -- the chat's owner, so that no limit looks at others' rows
    parent_id         blob    references messages (id) on delete cascade,
    role              text    not null,      -- user, assistant
    body              text    not null,
    reasoning         text    not null default '',
    state             text    not null,      -- queued, streaming, complete, stopped, interrupted, failed
    problem           text,                  -- why a reply failed, or ended before its end
    said              text,                  -- the model server's words about that, for administrators
    asked_model       text,                  -- which model is to reply, where not the chat's
    model             text,                  -- which one did
    dropped           bigint  not null default 0,      -- earlier messages that did not fit into the request
    prompt_tokens     bigint,
    completion_tokens bigint,
    is_estimate       boolean not null default false,  -- the tokens: the server told none
    written_in        bigint,                -- microseconds from first token to end, of all attempts
    created_at        bigint  not null,
    queued_at         bigint,                -- since when a reply waits in line
    ended_at          bigint,
    instance          blob,                  -- the process that makes it
    attempt           bigint  not null default 0,      -- counts who made it
    stop_asked        boolean not null default false,
    deleted_at        bigint,                -- null: it is there
    deleted_with      blob                   -- the message at the top of what was deleted at once
);
insert into new_messages (id, chat_id, user_id, parent_id, role, body, reasoning, state, problem, said,
    asked_model, model, dropped, prompt_tokens, completion_tokens, is_estimate, written_in, created_at,
    queued_at, ended_at, instance, attempt, stop_asked, deleted_at, deleted_with)
select id, chat_id, (select c.user_id from chats c where c.id = m.chat_id), parent_id, role, body,
    reasoning, state, problem, said, asked_model, model, dropped, prompt_tokens, completion_tokens,
    is_estimate, written_in, created_at, queued_at, ended_at, instance, attempt, stop_asked, deleted_at,
    deleted_with
from messages m;
drop table messages;
alter table new_messages rename to messages;

-- What was deleted with a message goes with it.
create index messages_by_parent on messages (parent_id);
-- A message's place among those that follow the same one, the newest one of these, and the next of
-- a chat without looking at the others.
create index messages_in_tree on messages (chat_id, parent_id, id, deleted_at);
-- The few that matter among all there are. (SQLite uses such an index only where a query has its
-- condition word for word.)
create index messages_running on messages (chat_id) where state in ('queued', 'streaming');
create index messages_running_by_user on messages (user_id) where state in ('queued', 'streaming');
create index messages_queued on messages (queued_at) where state = 'queued';
create index messages_streaming on messages (instance) where state = 'streaming';
create index messages_deleted on messages (deleted_at) where deleted_at is not null;

-- The journal of running replies: what has arrived, in pieces, until the reply's row has it whole.
create table new_reply_parts (
    message_id blob   not null references messages (id) on delete cascade,
    kind       text   not null,              -- body, reasoning
    seq        bigint not null,              -- byte offset at which this piece starts
    text       text   not null,
    primary key (message_id, kind, seq)
) without rowid;
insert into new_reply_parts (message_id, kind, seq, text)
select message_id, kind, seq, text from reply_parts;
drop table reply_parts;
alter table new_reply_parts rename to reply_parts;

-- What was asked of models, a row for each request that has ended: nothing here is changed later, and
-- it stays when the chat goes.
create table usage (
    id                blob    not null primary key,
    user_id           blob    not null references users (id) on delete cascade,
    day               bigint  not null,      -- days since 1970 (UTC)
    model             text    not null,
    prompt_tokens     bigint  not null,
    cached_tokens     bigint  not null,      -- those of the prompt that the server had read before
    completion_tokens bigint  not null,
    reasoning_tokens  bigint  not null,      -- those of the completion that were thoughts
    replies           bigint  not null,      -- 1 for a reply, 0 for a title
    is_estimate       boolean not null       -- the server told none
);
create index usage_by_day on usage (user_id, day);

create index sessions_by_age on sessions (created_at);
create index devices_by_age on devices (created_at);
