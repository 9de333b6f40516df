-- The durable state of Dispolits. Instants are milliseconds since 1970-01-01T00:00:00Z.
-- Columns never change their meaning; a new meaning gets a new column.

-- Every mail received, in the order of reception: the id is the receipt number that breaks ties
-- between observations of one instant.
CREATE TABLE mails (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    account       TEXT    NOT NULL,
    -- The last known position in the mailbox (Maildir: base file name; IMAP: UIDVALIDITY:UID).
    position      TEXT    NOT NULL,
    -- The identity: SHA-256 of the raw bytes.
    sha256        TEXT    NOT NULL,
    -- NULL once purged.
    raw           BLOB,
    size          INTEGER NOT NULL,
    -- 1 when the body was left on the server (M03): raw then holds the headers only.
    headers_only  INTEGER NOT NULL DEFAULT 0,
    received_at   INTEGER NOT NULL,
    -- Size of the batch in which it is being read, 0 when it is not: what a crash leaves behind.
    reading       INTEGER NOT NULL DEFAULT 0,
    -- Whether a reading was cut short: it is then read alone.
    suspect       INTEGER NOT NULL DEFAULT 0,
    -- Readings cut short in which it was alone.
    attempts      INTEGER NOT NULL DEFAULT 0,
    -- The mail of the same bytes whose move had been confirmed before this one came.
    duplicate_of  INTEGER REFERENCES mails (id),
    sender        TEXT,
    message_id    TEXT,
    judged_at     INTEGER,
    -- The logical folder it belongs to, decided with the judgement and never changed.
    folder        TEXT,
    -- When its move was confirmed.
    moved_at      INTEGER,
    -- The final verdict; NULL while in progress.
    verdict       TEXT,
    settled_at    INTEGER,
    -- Why it gets no reply, if so.
    silent        TEXT
) STRICT;

-- Until a move is confirmed, the same bytes in the same account are the same mail.
CREATE UNIQUE INDEX mails_in_place ON mails (account, sha256) WHERE moved_at IS NULL;
CREATE INDEX mails_by_bytes ON mails (account, sha256);
CREATE INDEX mails_to_judge ON mails (id) WHERE judged_at IS NULL;
CREATE INDEX mails_to_move ON mails (account, id) WHERE moved_at IS NULL;
CREATE INDEX mails_to_settle ON mails (id) WHERE judged_at IS NOT NULL AND settled_at IS NULL;
CREATE INDEX mails_by_sender ON mails (sender, received_at);
CREATE INDEX mails_by_reception ON mails (received_at);

-- The documents of a mail, in its order.
CREATE TABLE documents (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    mail_id       INTEGER NOT NULL REFERENCES mails (id),
    rank          INTEGER NOT NULL,
    name          TEXT    NOT NULL,
    format        TEXT,
    sender        TEXT    NOT NULL,
    identifiant   TEXT,
    sha256        TEXT    NOT NULL,
    test          INTEGER NOT NULL,
    -- The first document of the same sender, identifiant and content.
    duplicate_of  INTEGER REFERENCES documents (id),
    verdict       TEXT
) STRICT;

CREATE INDEX documents_by_mail ON documents (mail_id, rank);
CREATE INDEX documents_by_identity ON documents (sender, identifiant, sha256);

-- The services a document speaks of, accepted or not: what operators search by.
CREATE TABLE mentions (
    document_id   INTEGER NOT NULL REFERENCES documents (id),
    finess        TEXT    NOT NULL,
    service       TEXT    NOT NULL,
    PRIMARY KEY (document_id, finess, service)
) STRICT;

CREATE INDEX mentions_by_service ON mentions (finess, service, document_id);

-- Counts accepted by Dispolits, on their way to the ROR.
CREATE TABLE updates (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    mail_id       INTEGER NOT NULL REFERENCES mails (id),
    document_id   INTEGER NOT NULL REFERENCES documents (id),
    finess        TEXT    NOT NULL,
    service       TEXT    NOT NULL,
    -- The key of the indicator, without nature.
    indicator     TEXT    NOT NULL,
    nature        TEXT    NOT NULL,
    nombre        INTEGER NOT NULL,
    source        TEXT    NOT NULL,
    date_releve   INTEGER NOT NULL,
    etat          TEXT    NOT NULL,
    attempts      INTEGER NOT NULL DEFAULT 0,
    -- When it may be sent, while it waits.
    next_at       INTEGER NOT NULL,
    -- When its request left, until the outcome is recorded: what a crash leaves behind.
    in_flight_at  INTEGER,
    -- When the ROR acknowledged or refused it.
    closed_at     INTEGER,
    -- The code under which an undifferentiated genre was acknowledged.
    genre_code    TEXT
) STRICT;

CREATE INDEX updates_by_key ON updates (finess, service, indicator, date_releve);
CREATE INDEX updates_waiting ON updates (next_at, id) WHERE etat = 'en-attente';
CREATE INDEX updates_by_mail ON updates (mail_id);
CREATE INDEX updates_by_document ON updates (document_id);

-- Locations to which nothing is sent for a while, since an earlier request may still be applied.
CREATE TABLE holds (
    finess        TEXT    NOT NULL,
    service       TEXT    NOT NULL,
    until         INTEGER NOT NULL,
    PRIMARY KEY (finess, service)
) STRICT;

-- Indicators to delete: their genre code is no longer the configured one and the new is acknowledged.
CREATE TABLE removals (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    finess        TEXT    NOT NULL,
    service       TEXT    NOT NULL,
    indicator     TEXT    NOT NULL,
    genre_code    TEXT    NOT NULL,
    attempts      INTEGER NOT NULL DEFAULT 0,
    next_at       INTEGER NOT NULL,
    done_at       INTEGER
) STRICT;

CREATE UNIQUE INDEX removals_once ON removals (finess, service, indicator, genre_code) WHERE done_at IS NULL;

-- Every request sent for an update or a removal, with the answer: the operators' journal.
CREATE TABLE attempts (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    update_id     INTEGER REFERENCES updates (id),
    removal_id    INTEGER REFERENCES removals (id),
    at            INTEGER NOT NULL,
    operation     TEXT    NOT NULL,
    status        INTEGER,
    duration_ms   INTEGER NOT NULL,
    failure       TEXT,
    answer        TEXT    NOT NULL
) STRICT;

CREATE INDEX attempts_by_update ON attempts (update_id);

-- Everything wrong, as it was told: texts are kept as they were, whatever later versions say.
CREATE TABLE defects (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    mail_id       INTEGER NOT NULL REFERENCES mails (id),
    document_id   INTEGER REFERENCES documents (id),
    -- The row the ROR refused.
    update_id     INTEGER REFERENCES updates (id),
    code          TEXT    NOT NULL,
    severity      TEXT    NOT NULL,
    -- The defect in the shape of `check --format json`.
    content       TEXT    NOT NULL
) STRICT;

CREATE INDEX defects_by_mail ON defects (mail_id);
CREATE INDEX defects_by_code ON defects (code, mail_id);

-- Replies, rendered before they are sent and resent unchanged.
CREATE TABLE replies (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    mail_id       INTEGER NOT NULL REFERENCES mails (id),
    kind          TEXT    NOT NULL,
    message_id    TEXT    NOT NULL,
    -- Whom it answers, for the cap by sender and hour.
    sender        TEXT    NOT NULL,
    recipients    TEXT    NOT NULL,
    -- Envelope sender; empty for the null one.
    return_path   TEXT    NOT NULL,
    content       BLOB    NOT NULL,
    -- How many rejections it told of.
    rejections    INTEGER NOT NULL,
    etat          TEXT    NOT NULL,
    created_at    INTEGER NOT NULL,
    attempts      INTEGER NOT NULL DEFAULT 0,
    next_at       INTEGER NOT NULL,
    closed_at     INTEGER,
    failure       TEXT,
    -- A delivery status notification that came back for it.
    returned_by   INTEGER REFERENCES mails (id)
) STRICT;

CREATE UNIQUE INDEX replies_once ON replies (mail_id, kind);
CREATE UNIQUE INDEX replies_by_message_id ON replies (message_id);
CREATE INDEX replies_waiting ON replies (next_at) WHERE etat = 'a-envoyer';
CREATE INDEX replies_by_sender ON replies (sender, created_at);

-- Rejections beyond the cap, waiting to be gathered in one digest.
CREATE TABLE withheld (
    mail_id       INTEGER PRIMARY KEY REFERENCES mails (id),
    sender        TEXT    NOT NULL,
    since         INTEGER NOT NULL,
    digest_id     INTEGER REFERENCES replies (id)
) STRICT;

CREATE INDEX withheld_by_sender ON withheld (sender) WHERE digest_id IS NULL;

-- The last referential that was whole, so that a restart with bad files does not stop the service.
CREATE TABLE referential (
    id             INTEGER PRIMARY KEY CHECK (id = 1),
    etablissements BLOB    NOT NULL,
    services       BLOB    NOT NULL,
    loaded_at      INTEGER NOT NULL
) STRICT;
