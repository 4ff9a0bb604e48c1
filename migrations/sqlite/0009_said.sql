alter table messages add column said text;  -- the model server's words about why a reply failed, for administrators
