-- What operators search by, narrow enough to be walked by the thousand: a mail's own row carries its content.

-- One row a mail: what the journal is filtered and sorted by. It follows the mail in the same transaction.
CREATE TABLE journal (
    mail_id       BIGINT  PRIMARY KEY REFERENCES mails (id),
    received_at   BIGINT  NOT NULL,
    account       TEXT COLLATE "C" NOT NULL,
    -- Empty while there is none.
    sender        TEXT COLLATE "C" NOT NULL,
    -- en-cours while there is none.
    verdict       TEXT COLLATE "C" NOT NULL
);

INSERT INTO journal (mail_id, received_at, account, sender, verdict)
SELECT id, received_at, account, COALESCE(sender, ''), COALESCE(verdict, 'en-cours') FROM mails ORDER BY id;

CREATE INDEX journal_by_reception ON journal (received_at, mail_id);
CREATE INDEX journal_by_account ON journal (account, received_at, mail_id);
CREATE INDEX journal_by_sender ON journal (sender, received_at, mail_id);
CREATE INDEX journal_by_verdict ON journal (verdict, received_at, mail_id);

-- These served the same questions on the wide rows.
DROP INDEX mails_by_reception;
DROP INDEX mails_by_sender;

-- What is wrong with a mail, in the words one looks for: a code, who must act, or « rejet » for any rejection.
CREATE TABLE facets (
    mail_id       BIGINT  NOT NULL REFERENCES mails (id),
    facet         TEXT COLLATE "C" NOT NULL,
    received_at   BIGINT  NOT NULL,
    -- 1 for a rejection, 0 for a warning.
    rejection     BIGINT  NOT NULL,
    PRIMARY KEY (mail_id, facet)
);

INSERT INTO facets (mail_id, facet, received_at, rejection)
SELECT d.mail_id, d.code, m.received_at, MAX(CASE WHEN d.severity = 'rejet' THEN 1 ELSE 0 END)
FROM defects d JOIN mails m ON m.id = d.mail_id GROUP BY d.mail_id, d.code, m.received_at;
INSERT INTO facets (mail_id, facet, received_at, rejection)
SELECT DISTINCT d.mail_id, who.word, m.received_at, 1
FROM defects d JOIN mails m ON m.id = d.mail_id
    CROSS JOIN LATERAL jsonb_array_elements_text(CAST(d.content AS jsonb) -> 'agir') AS who (word)
WHERE d.severity = 'rejet';
INSERT INTO facets (mail_id, facet, received_at, rejection)
SELECT DISTINCT d.mail_id, 'rejet', m.received_at, 1
FROM defects d JOIN mails m ON m.id = d.mail_id WHERE d.severity = 'rejet';

CREATE INDEX facets_by_word ON facets (facet, received_at, mail_id, rejection);

-- The places a mail speaks of, accepted or not: each establishment (service '') and each of its services.
CREATE TABLE places_named (
    mail_id       BIGINT  NOT NULL REFERENCES mails (id),
    finess        TEXT COLLATE "C" NOT NULL,
    service       TEXT COLLATE "C" NOT NULL,
    received_at   BIGINT  NOT NULL,
    PRIMARY KEY (mail_id, finess, service)
);

INSERT INTO places_named (mail_id, finess, service, received_at)
SELECT DISTINCT d.mail_id, n.finess, n.service, m.received_at
FROM mentions n JOIN documents d ON d.id = n.document_id JOIN mails m ON m.id = d.mail_id
UNION
SELECT DISTINCT d.mail_id, n.finess, '', m.received_at
FROM mentions n JOIN documents d ON d.id = n.document_id JOIN mails m ON m.id = d.mail_id;

DROP TABLE mentions;
ALTER TABLE places_named RENAME TO mentions;
ALTER INDEX places_named_pkey RENAME TO mentions_pkey;
CREATE INDEX mentions_by_place ON mentions (finess, service, received_at, mail_id);

-- Each service and its newest accepted observation.
CREATE TABLE places (
    finess        TEXT COLLATE "C" NOT NULL,
    service       TEXT COLLATE "C" NOT NULL,
    date_releve   BIGINT  NOT NULL,
    -- The last mail that said so; it may have been forgotten since.
    mail_id       BIGINT  NOT NULL,
    -- When that date was first received: since then it has not advanced.
    advanced_at   BIGINT  NOT NULL,
    -- When the last mail was received that reported a count for it.
    heard_at      BIGINT  NOT NULL,
    -- A digest of the counts of that observation, and since which dateReleve it has been the same.
    counts        TEXT COLLATE "C" NOT NULL,
    same_since    BIGINT  NOT NULL,
    PRIMARY KEY (finess, service)
);

INSERT INTO places (finess, service, date_releve, mail_id, advanced_at, heard_at, counts, same_since)
SELECT finess, service, date_releve, mail_id, received_at, heard_at, '', date_releve FROM (
    SELECT u.finess, u.service, u.date_releve, u.mail_id, m.received_at,
           MAX(m.received_at) OVER (PARTITION BY u.finess, u.service) AS heard_at,
           ROW_NUMBER() OVER (PARTITION BY u.finess, u.service ORDER BY u.date_releve DESC, u.id) AS rank
    FROM updates u JOIN mails m ON m.id = u.mail_id WHERE u.etat <> 'non-transmise-test') AS known
WHERE rank = 1;

-- What people quote.
CREATE INDEX mails_by_message_id ON mails (message_id, id);
CREATE INDEX documents_by_identifiant ON documents (identifiant, mail_id);
