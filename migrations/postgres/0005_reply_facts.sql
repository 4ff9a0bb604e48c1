-- What is told below a reply.

alter table messages add column is_estimate boolean not null default false;  -- the tokens: the server told none
alter table messages add column written_in bigint;  -- microseconds from first token to end, of all attempts
