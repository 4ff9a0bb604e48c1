-- Tables that what comes next can grow on. Unlike the steps before, this one rewrites rows: no older
-- server may be running meanwhile (src/db/migrate.rs). It is one transaction, so it is there whole or
-- not at all.

-- What somebody may do: member, administrator.
alter table users add column role text not null default 'member';
update users set role = 'administrator' where is_admin;
alter table users drop column is_admin;
create index users_by_role on users (role, deleted_at);
create index users_deleted on users (deleted_at) where deleted_at is not null;

-- What is set for replies, in one column: a JSON object that src/presets reads and checks. What is not
-- set is not in it.
alter table chats add column preset text not null default '{}';
update chats set preset = jsonb_strip_nulls(jsonb_build_object(
    'model', model, 'system_prompt', system_prompt,
    'temperature', temperature / 1000.0::float8, 'top_p', top_p / 1000.0::float8,
    'max_tokens', max_tokens, 'effort', effort))::text;
alter table chats drop column model;
alter table chats drop column system_prompt;
alter table chats drop column temperature;
alter table chats drop column top_p;
alter table chats drop column max_tokens;
alter table chats drop column effort;

alter table defaults add column preset text not null default '{}';
update defaults set preset = jsonb_strip_nulls(jsonb_build_object(
    'model', model, 'system_prompt', system_prompt,
    'temperature', temperature / 1000.0::float8, 'top_p', top_p / 1000.0::float8,
    'max_tokens', max_tokens, 'effort', effort))::text;
alter table defaults drop column model;
alter table defaults drop column system_prompt;
alter table defaults drop column temperature;
alter table defaults drop column top_p;
alter table defaults drop column max_tokens;
alter table defaults drop column effort;

alter table personas add column preset text not null default '{}';
update personas set preset = jsonb_strip_nulls(jsonb_build_object(
    'model', model, 'system_prompt', system_prompt,
    'temperature', temperature / 1000.0::float8, 'top_p', top_p / 1000.0::float8,
    'max_tokens', max_tokens, 'effort', effort))::text;
alter table personas drop column model;
alter table personas drop column system_prompt;
alter table personas drop column temperature;
alter table personas drop column top_p;
alter table personas drop column max_tokens;
alter table personas drop column effort;

-- What a column may hold will grow: the program is the check.
alter table messages drop constraint messages_role_check;
alter table messages drop constraint messages_state_check;
alter table reply_parts drop constraint reply_parts_kind_check;

-- The chat's owner, so that no limit looks at others' rows.
alter table messages add column user_id uuid;
update messages set user_id = c.user_id from chats c where c.id = messages.chat_id;
alter table messages alter column user_id set not null;

-- The few that matter among all there are.
drop index messages_running;
create index messages_running on messages (chat_id) where state in ('queued', 'streaming');
create index messages_running_by_user on messages (user_id) where state in ('queued', 'streaming');

-- What was asked of models, a row for each request that has ended: nothing here is changed later, and
-- it stays when the chat goes.
create table usage (
    id                uuid    not null primary key,
    user_id           uuid    not null references users (id) on delete cascade,
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
