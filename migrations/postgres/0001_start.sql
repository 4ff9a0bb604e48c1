-- Keys are UUIDv7, times are microseconds since 1970 (UTC).

create table users (
    id            uuid    not null primary key,
    name          text    not null,          -- as the person wrote it
    name_key      text    not null unique,   -- what makes two names the same: NFKC, lower case
    password_hash text    not null,          -- PHC string, argon2id
    is_admin      boolean not null,
    language      text,                      -- null: whatever the browser asks for
    created_at    bigint  not null
);

create table sessions (
    key_hash   bytea  not null primary key,  -- SHA-256 of the key in the cookie
    user_id    uuid   references users (id) on delete cascade,  -- null: not signed in
    data       text   not null,              -- JSON
    expires_at bigint not null
);
create index sessions_by_user on sessions (user_id);
create index sessions_by_expiry on sessions (expires_at);

-- A browser that once signed in to an account; what strangers try there does not count against it.
create table devices (
    token_hash bytea  not null,
    user_id    uuid   not null references users (id) on delete cascade,
    created_at bigint not null,
    primary key (token_hash, user_id)
);
create index devices_by_user on devices (user_id);

create table chats (
    id         uuid   not null primary key,
    user_id    uuid   not null references users (id) on delete cascade,
    title      text   not null,
    leaf       uuid,                         -- the message at the end of the branch shown last
    created_at bigint not null,
    active_at  bigint not null
);
create index chats_by_activity on chats (user_id, active_at desc, id desc);

-- A message is inserted once. Of a reply, only what its making tells is filled in later:
-- body, reasoning, state, problem, model, dropped, tokens, ended_at.
create table messages (
    id                uuid    not null primary key,
    chat_id           uuid    not null references chats (id) on delete cascade,
    parent_id         uuid    references messages (id) on delete cascade deferrable,
    role              text    not null check (role in ('user', 'assistant')),
    body              text    not null,
    reasoning         text    not null default '',
    state             text    not null
        check (state in ('queued', 'streaming', 'complete', 'stopped', 'interrupted', 'failed')),
    problem           text,                  -- why a reply failed, or ended before its end
    model             text,
    dropped           bigint  not null default 0,  -- earlier messages that did not fit into the request
    prompt_tokens     bigint,
    completion_tokens bigint,
    created_at        bigint  not null,
    ended_at          bigint
);
create index messages_by_chat on messages (chat_id);
create index messages_by_parent on messages (parent_id);
create index messages_running on messages (state) where state in ('queued', 'streaming');

-- The journal of running replies: what has arrived, in pieces, until the reply's row has it whole.
create table reply_parts (
    message_id uuid   not null references messages (id) on delete cascade,
    kind       text   not null check (kind in ('body', 'reasoning')),
    seq        bigint not null,              -- byte offset at which this piece starts
    text       text   not null,
    primary key (message_id, kind, seq)
);
