-- 1 when a person is to read the mail: a text that answers one of ours, which no machine answers.
ALTER TABLE mails ADD COLUMN to_read BIGINT  NOT NULL DEFAULT 0;

CREATE INDEX mails_to_read ON mails (received_at) WHERE to_read = 1;
-- The caps count all replies of an hour.
CREATE INDEX replies_by_creation ON replies (created_at);
