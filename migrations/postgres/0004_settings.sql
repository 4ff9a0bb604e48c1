-- What can be set for replies. Null: not set, and not sent. Numbers with a point are kept in thousandths.

alter table chats add column model text;
alter table chats add column system_prompt text;
alter table chats add column temperature bigint;
alter table chats add column top_p bigint;
alter table chats add column max_tokens bigint;
alter table chats add column effort text;
alter table chats add column persona text;                 -- the name of the one it began with
-- Whose the title is: line (the first message's, the model may be asked for a better one), asked (it
-- was asked, once), model, person.
alter table chats add column title_by text not null default 'person';

alter table messages add column asked_model text;          -- which model is to reply, where not the chat's

-- What a person's new chats begin with.
create table defaults (
    user_id       uuid    not null primary key references users (id) on delete cascade,
    model         text,
    system_prompt text,
    temperature   bigint,
    top_p         bigint,
    max_tokens    bigint,
    effort        text,
    titles        boolean not null             -- whether the model makes titles
);

create table personas (
    id            uuid    not null primary key,
    user_id       uuid    not null references users (id) on delete cascade,
    name          text    not null,
    greeting      text    not null,
    starters      text    not null,            -- one a line
    model         text,
    system_prompt text,
    temperature   bigint,
    top_p         bigint,
    max_tokens    bigint,
    effort        text,
    created_at    bigint  not null
);
create index personas_by_user on personas (user_id);
