-- A numerous filter is read in the order of the list, whichever it is, and never gathered to be sorted.

-- What is wrong with a mail is found by sender and by verdict too: few mails have such rows.
ALTER TABLE facets ADD COLUMN sender TEXT NOT NULL DEFAULT '';
ALTER TABLE facets ADD COLUMN verdict TEXT NOT NULL DEFAULT '';
UPDATE facets SET (sender, verdict) = (SELECT j.sender, j.verdict FROM journal j WHERE j.mail_id = facets.mail_id);

DROP INDEX facets_by_word;
CREATE INDEX facets_by_word ON facets (facet, received_at, mail_id, rejection, verdict, sender);
CREATE INDEX facets_by_sender ON facets (facet, sender, received_at, mail_id, verdict);
CREATE INDEX facets_by_verdict ON facets (facet, verdict, received_at, mail_id, sender);

-- What speaks of a service is sorted by sender, and found by verdict, without a look at each mail. The verdict is
-- empty while a mail is in progress or wholly integrated, as nearly all are: their rows are never touched again.
ALTER TABLE mentions ADD COLUMN sender TEXT NOT NULL DEFAULT '';
ALTER TABLE mentions ADD COLUMN verdict TEXT NOT NULL DEFAULT '';
UPDATE mentions SET (sender, verdict) = (
    SELECT j.sender, CASE WHEN j.verdict IN ('en-cours', 'integre') THEN '' ELSE j.verdict END
    FROM journal j WHERE j.mail_id = mentions.mail_id);

DROP INDEX mentions_by_place;
CREATE INDEX mentions_by_place ON mentions (finess, service, received_at, mail_id, sender, verdict);
CREATE INDEX mentions_by_verdict ON mentions (service, verdict, received_at, mail_id, sender) WHERE verdict <> '';

-- These rows follow that of their mail, whoever changes it.
CREATE TRIGGER journal_followed AFTER UPDATE OF sender, verdict ON journal
WHEN NEW.sender <> OLD.sender OR NEW.verdict <> OLD.verdict
BEGIN
    UPDATE facets SET sender = NEW.sender, verdict = NEW.verdict WHERE mail_id = NEW.mail_id;
END;

CREATE TRIGGER journal_followed_by_places AFTER UPDATE OF sender, verdict ON journal
WHEN NEW.sender <> OLD.sender
     OR NEW.verdict <> OLD.verdict
        AND (NEW.verdict NOT IN ('en-cours', 'integre') OR OLD.verdict NOT IN ('en-cours', 'integre'))
BEGIN
    UPDATE mentions
    SET sender = NEW.sender, verdict = CASE WHEN NEW.verdict IN ('en-cours', 'integre') THEN '' ELSE NEW.verdict END
    WHERE mail_id = NEW.mail_id;
END;
