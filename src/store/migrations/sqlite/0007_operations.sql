-- What operators do, and what they must be able to account for.

-- Mails judged again, whole or for some rows, with what was told before: texts are kept as they were.
CREATE TABLE replays (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    mail_id       INTEGER NOT NULL REFERENCES mails (id),
    at            INTEGER NOT NULL,
    -- The outcome before, as JSON: verdict, lignes, defauts.
    before        TEXT    NOT NULL,
    -- How many rows it sent on their way.
    sent          INTEGER NOT NULL
) STRICT;

CREATE INDEX replays_by_mail ON replays (mail_id);

-- What the ROR held when a row was found superseded there: its date and its number.
ALTER TABLE updates ADD COLUMN ror_date INTEGER;
ALTER TABLE updates ADD COLUMN ror_nombre INTEGER;

-- What was done on a mailbox, for whom, and what its server answered; never a content.
CREATE TABLE traces (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    at            INTEGER NOT NULL,
    mailbox       TEXT    NOT NULL,
    -- The account that is logged in there.
    who           TEXT    NOT NULL,
    action        TEXT    NOT NULL,
    request       TEXT    NOT NULL,
    answer        TEXT    NOT NULL,
    failed        INTEGER NOT NULL
) STRICT;

CREATE INDEX traces_by_mailbox ON traces (mailbox, at);
CREATE INDEX traces_by_time ON traces (at);

-- Each mailbox's balance, without reading its mails.
CREATE INDEX mails_by_outcome ON mails (account, verdict);

-- What refers to a mail, a document or a reply, so that it is found before its own is forgotten.
CREATE INDEX mails_duplicates ON mails (duplicate_of) WHERE duplicate_of IS NOT NULL;
CREATE INDEX documents_duplicates ON documents (duplicate_of) WHERE duplicate_of IS NOT NULL;
CREATE INDEX replies_returned ON replies (returned_by) WHERE returned_by IS NOT NULL;
CREATE INDEX withheld_by_digest ON withheld (digest_id) WHERE digest_id IS NOT NULL;

-- Replies whose content is still there.
CREATE INDEX replies_with_content ON replies (created_at) WHERE length(content) > 0;
