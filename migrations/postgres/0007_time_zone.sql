alter table users add column time_zone text;  -- its IANA name; null: the server's
