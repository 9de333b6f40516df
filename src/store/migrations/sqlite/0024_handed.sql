-- What came of a letter for each recipient: one line each, « pris adresse », « attend adresse réponse » or « refuse adresse
-- réponse ». Empty until it was tried, and for what left before this migration: then its state holds for all.
ALTER TABLE replies ADD COLUMN handed TEXT NOT NULL DEFAULT '';
ALTER TABLE reminders ADD COLUMN handed TEXT NOT NULL DEFAULT '';
-- Why it leaves without the sender's mail, if it does: the server's answer to the whole.
ALTER TABLE replies ADD COLUMN lightened TEXT;
ALTER TABLE reminders ADD COLUMN lightened TEXT;
-- How many recipients refused it for good, although it left to others.
ALTER TABLE replies ADD COLUMN unreached INTEGER NOT NULL DEFAULT 0;
ALTER TABLE reminders ADD COLUMN unreached INTEGER NOT NULL DEFAULT 0;
CREATE INDEX replies_unreached ON replies (closed_at) WHERE unreached > 0;
