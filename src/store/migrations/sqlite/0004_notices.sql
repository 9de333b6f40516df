-- What notices of delivery say of a reply, in words: recipient, status, diagnostic. returned_by stays the notice of
-- failure; a notice of delay leaves it NULL.
ALTER TABLE replies ADD COLUMN notice TEXT;
