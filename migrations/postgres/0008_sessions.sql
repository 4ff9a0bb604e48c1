-- Where somebody is signed in, and accounts that go.

-- Which password somebody has, counted from one. A session ends when there is a newer one than that
-- with which it began.
alter table users add column password_no bigint not null default 1;
alter table users add column deleted_at bigint;            -- null: it is there; else it is being erased

alter table sessions add column password_no bigint not null default 1;
alter table sessions add column user_agent text;           -- what the browser says that it is
alter table sessions add column created_at bigint;         -- null: before this was kept
alter table sessions add column seen_at bigint;            -- moved once a day
update sessions set seen_at = expires_at - 2592000000000;  -- they have always ended after 30 days
