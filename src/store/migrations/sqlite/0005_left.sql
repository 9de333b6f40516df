-- Servers that cannot move a mail, or only by copying it.

-- When a move was first asked for: a copy of the mail may lie in its folder already.
ALTER TABLE mails ADD COLUMN filing_at INTEGER;
-- When it was left where it is, since the server cannot move it: from then on its position says
-- that it is known, and moved_at that it has gone from there.
ALTER TABLE mails ADD COLUMN left_at INTEGER;

-- Until it is moved or left, the same bytes in the same account are the same mail.
DROP INDEX mails_in_place;
CREATE UNIQUE INDEX mails_in_place ON mails (account, sha256) WHERE moved_at IS NULL AND left_at IS NULL;
DROP INDEX mails_to_move;
CREATE INDEX mails_to_move ON mails (account, id) WHERE moved_at IS NULL AND left_at IS NULL;
CREATE INDEX mails_left ON mails (account, id) WHERE left_at IS NOT NULL AND moved_at IS NULL;
