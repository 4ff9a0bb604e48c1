-- Replies outlive the process that makes them, and more than one process may make replies.

-- A process that makes replies.
create table instances (
    id        blob    not null primary key,
    heartbeat bigint  not null,               -- when it was last known to be there
    is_ending boolean not null default false  -- it begins no more replies
);

alter table users add column served_at bigint not null default 0;  -- when a reply was last begun for them

alter table messages add column queued_at bigint;          -- since when a reply waits in line
alter table messages add column instance blob;             -- the process that makes it
alter table messages add column attempt bigint not null default 0;  -- counts who made it
alter table messages add column stop_asked boolean not null default false;

-- The few that matter among all there are. (SQLite uses such an index only where a query has its
-- condition word for word.)
create index messages_queued on messages (queued_at) where state = 'queued';
create index messages_streaming on messages (instance) where state = 'streaming';

-- Limits on how often something may be tried, for all processes together.
create table tries (
    key_hash blob   not null primary key,  -- SHA-256 of what is tried and by whom
    fresh_at bigint not null               -- when all tries are there again
);
create index tries_by_time on tries (fresh_at);
