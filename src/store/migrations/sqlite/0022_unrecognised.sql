-- Whether a mail holds something that was not recognised as a report: its content is kept for a shorter time.
ALTER TABLE mails ADD COLUMN unrecognised INTEGER NOT NULL DEFAULT 0;
