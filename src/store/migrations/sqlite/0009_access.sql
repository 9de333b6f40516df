-- Who may look and act, and the record of what they did.

-- Local accounts.
CREATE TABLE users (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    login         TEXT    NOT NULL UNIQUE,
    name          TEXT    NOT NULL,
    role          TEXT    NOT NULL,
    -- argon2id, as a PHC string; NULL until one is chosen.
    password      TEXT,
    password_at   INTEGER,
    -- The secret of the second factor, base 32; NULL until it is enrolled.
    totp          TEXT,
    -- The last step whose code was accepted: none is accepted twice.
    totp_step     INTEGER,
    -- When an administrator locked it.
    locked_at     INTEGER,
    created_at    INTEGER NOT NULL,
    -- When it was last signed in to.
    seen_at       INTEGER
) STRICT;

-- Attempts to sign in since the last that succeeded, of accounts that exist and of others alike.
CREATE TABLE failures (
    login         TEXT    PRIMARY KEY,
    failures      INTEGER NOT NULL,
    last_at       INTEGER NOT NULL
) STRICT;

CREATE INDEX failures_by_time ON failures (last_at);

-- Browsers that are signed in, or half-way there.
CREATE TABLE sessions (
    -- SHA-256 of the token that the cookie holds.
    digest        TEXT    PRIMARY KEY,
    -- How far it is: second-facteur, enrolement, openid, ouverte.
    stage         TEXT    NOT NULL,
    means         TEXT    NOT NULL,
    login         TEXT    NOT NULL,
    name          TEXT    NOT NULL,
    role          TEXT    NOT NULL,
    opened_at     INTEGER NOT NULL,
    seen_at       INTEGER NOT NULL,
    -- What its stage needs to go on.
    detail        TEXT    NOT NULL
) STRICT;

CREATE INDEX sessions_by_login ON sessions (login, means);
CREATE INDEX sessions_by_time ON sessions (seen_at);

-- Everything that people did, each record hashed with the one before it; see src/access/audit. Never changed, never
-- purged.
CREATE TABLE audit (
    id            INTEGER PRIMARY KEY,
    at            INTEGER NOT NULL,
    who           TEXT    NOT NULL,
    deed          TEXT    NOT NULL,
    object        TEXT    NOT NULL,
    before        TEXT    NOT NULL,
    after         TEXT    NOT NULL,
    note          TEXT    NOT NULL,
    hash          TEXT    NOT NULL
) STRICT;

CREATE INDEX audit_by_time ON audit (at, id);
CREATE INDEX audit_by_object ON audit (object, id);
CREATE INDEX audit_by_who ON audit (who, id);

CREATE TRIGGER audit_unchanged BEFORE UPDATE ON audit
BEGIN
    SELECT RAISE(ABORT, 'le journal d''audit ne se modifie pas');
END;

CREATE TRIGGER audit_kept BEFORE DELETE ON audit
BEGIN
    SELECT RAISE(ABORT, 'le journal d''audit ne s''efface pas');
END;

-- Mails of which an operator says that nothing is left to do.
CREATE TABLE handled (
    mail_id       INTEGER PRIMARY KEY REFERENCES mails (id),
    at            INTEGER NOT NULL,
    who           TEXT    NOT NULL,
    note          TEXT    NOT NULL
) STRICT;

-- Establishments whose silence is known and needs no telling until a date.
CREATE TABLE mutes (
    finess        TEXT    PRIMARY KEY,
    until         INTEGER NOT NULL,
    at            INTEGER NOT NULL,
    who           TEXT    NOT NULL,
    note          TEXT    NOT NULL
) STRICT;

-- Reminders to establishments: written by an operator, stored before they are sent and resent unchanged, like replies.
CREATE TABLE reminders (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    finess        TEXT    NOT NULL,
    who           TEXT    NOT NULL,
    subject       TEXT    NOT NULL,
    message_id    TEXT    NOT NULL,
    recipients    TEXT    NOT NULL,
    -- Envelope sender; empty for the null one.
    return_path   TEXT    NOT NULL,
    content       BLOB    NOT NULL,
    etat          TEXT    NOT NULL,
    created_at    INTEGER NOT NULL,
    attempts      INTEGER NOT NULL DEFAULT 0,
    next_at       INTEGER NOT NULL,
    closed_at     INTEGER,
    failure       TEXT,
    worker        INTEGER
) STRICT;

CREATE UNIQUE INDEX reminders_by_message_id ON reminders (message_id);
CREATE INDEX reminders_waiting ON reminders (id, next_at) WHERE etat = 'a-envoyer';
CREATE INDEX reminders_by_finess ON reminders (finess, created_at);
