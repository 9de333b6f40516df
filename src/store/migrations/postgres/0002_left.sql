-- Servers that cannot move a mail, or only by copying it: see sqlite/0005_left.sql.

ALTER TABLE mails ADD COLUMN filing_at BIGINT;
ALTER TABLE mails ADD COLUMN left_at BIGINT;

DROP INDEX mails_in_place;
CREATE UNIQUE INDEX mails_in_place ON mails (account, sha256) WHERE moved_at IS NULL AND left_at IS NULL;
DROP INDEX mails_to_move;
CREATE INDEX mails_to_move ON mails (account, id) WHERE moved_at IS NULL AND left_at IS NULL;
CREATE INDEX mails_left ON mails (account, id) WHERE left_at IS NOT NULL AND moved_at IS NULL;
