-- A numerous filter is read in the order of the list, whichever it is, and never gathered to be sorted.

-- What is wrong with a mail is found by sender and by verdict too: few mails have such rows.
ALTER TABLE facets ADD COLUMN sender TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE facets ADD COLUMN verdict TEXT COLLATE "C" NOT NULL DEFAULT '';
UPDATE facets SET sender = j.sender, verdict = j.verdict FROM journal j WHERE j.mail_id = facets.mail_id;

DROP INDEX facets_by_word;
CREATE INDEX facets_by_word ON facets (facet, received_at, mail_id, rejection, verdict, sender);
CREATE INDEX facets_by_sender ON facets (facet, sender, received_at, mail_id, verdict);
CREATE INDEX facets_by_verdict ON facets (facet, verdict, received_at, mail_id, sender);

-- What speaks of a service is sorted by sender, and found by verdict, without a look at each mail. The verdict is
-- empty while a mail is in progress or wholly integrated, as nearly all are: their rows are never touched again.
ALTER TABLE mentions ADD COLUMN sender TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE mentions ADD COLUMN verdict TEXT COLLATE "C" NOT NULL DEFAULT '';
UPDATE mentions
SET sender = j.sender, verdict = CASE WHEN j.verdict IN ('en-cours', 'integre') THEN '' ELSE j.verdict END
FROM journal j WHERE j.mail_id = mentions.mail_id;

DROP INDEX mentions_by_place;
CREATE INDEX mentions_by_place ON mentions (finess, service, received_at, mail_id, sender, verdict);
CREATE INDEX mentions_by_verdict ON mentions (service, verdict, received_at, mail_id, sender) WHERE verdict <> '';

-- A row of the journal that changes has new entries in all its indexes anyway: with all columns in them, its own page
-- need not be read.
ALTER TABLE journal DROP CONSTRAINT journal_pkey;
ALTER TABLE journal ADD PRIMARY KEY (mail_id) INCLUDE (received_at, account, sender, verdict);
DROP INDEX journal_by_account;
DROP INDEX journal_by_sender;
DROP INDEX journal_by_verdict;
CREATE INDEX journal_by_account ON journal (account, received_at, mail_id) INCLUDE (sender, verdict);
CREATE INDEX journal_by_sender ON journal (sender, received_at, mail_id) INCLUDE (account, verdict);
CREATE INDEX journal_by_verdict ON journal (verdict, received_at, mail_id) INCLUDE (account, sender);

-- These rows follow that of their mail, whoever changes it.
CREATE FUNCTION follow_journal() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    is_plain BOOLEAN := NEW.verdict IN ('en-cours', 'integre');
BEGIN
    UPDATE facets SET sender = NEW.sender, verdict = NEW.verdict WHERE mail_id = NEW.mail_id;
    IF NEW.sender <> OLD.sender OR NOT is_plain OR OLD.verdict NOT IN ('en-cours', 'integre') THEN
        UPDATE mentions SET sender = NEW.sender, verdict = CASE WHEN is_plain THEN '' ELSE NEW.verdict END
        WHERE mail_id = NEW.mail_id;
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER journal_followed AFTER UPDATE OF sender, verdict ON journal FOR EACH ROW
WHEN (NEW.sender <> OLD.sender OR NEW.verdict <> OLD.verdict)
EXECUTE FUNCTION follow_journal();
