-- How the pages look to a person, and how they send a message. Null: not chosen.

alter table users add column theme text;      -- system, light, dark
alter table users add column text_size text;  -- normal, small, large, larger
alter table users add column density text;    -- roomy, compact
alter table users add column composer text;   -- enter, line, button
