-- How many sweeps of its mailbox the holder of a duty brought to their end: other workers see by it that somebody reads,
-- whatever clocks show.
ALTER TABLE duties ADD COLUMN sweeps BIGINT NOT NULL DEFAULT 0;
-- What was settled last of a sender, by number: clocks are set.
CREATE INDEX journal_by_sender_number ON journal (sender, mail_id);
