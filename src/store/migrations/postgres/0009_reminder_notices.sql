-- What notices of delivery say of a reminder, in words, and the mail that says that it did not arrive: as for replies,
-- but that mail may be forgotten first.
ALTER TABLE reminders ADD COLUMN notice TEXT;
ALTER TABLE reminders ADD COLUMN returned_by BIGINT;
