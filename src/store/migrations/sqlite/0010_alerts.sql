-- What operators are told without asking.

-- Incidents, open and closed: one is open at a time for one kind and object.
CREATE TABLE incidents (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    kind          TEXT    NOT NULL,
    -- A mailbox by its name, an establishment, a service, a file: never an address.
    object        TEXT    NOT NULL,
    severity      TEXT    NOT NULL,
    -- How far along it is: people are told again when it grows.
    level         INTEGER NOT NULL,
    sentence      TEXT    NOT NULL,
    -- Since when its cause lasts.
    since         INTEGER NOT NULL,
    opened_at     INTEGER NOT NULL,
    seen_at       INTEGER NOT NULL,
    -- When people were last told of it.
    told_at       INTEGER NOT NULL,
    closed_at     INTEGER
) STRICT;

CREATE UNIQUE INDEX incidents_open ON incidents (kind, object) WHERE closed_at IS NULL;
CREATE INDEX incidents_closed ON incidents (closed_at) WHERE closed_at IS NOT NULL;

-- What people are told of them, by each way; several of one way leave in one message.
CREATE TABLE alerts (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    incident_id   INTEGER NOT NULL REFERENCES incidents (id),
    -- ouverture, aggravation, rappel, cloture.
    event         TEXT    NOT NULL,
    -- courriel, webhook.
    way           TEXT    NOT NULL,
    -- a-envoyer, envoyee, abandonnee.
    etat          TEXT    NOT NULL,
    created_at    INTEGER NOT NULL,
    attempts      INTEGER NOT NULL DEFAULT 0,
    next_at       INTEGER NOT NULL,
    closed_at     INTEGER,
    -- To whom it was sent, masked.
    told          TEXT,
    failure       TEXT
) STRICT;

CREATE INDEX alerts_waiting ON alerts (way, id) WHERE etat = 'a-envoyer';
CREATE INDEX alerts_by_incident ON alerts (incident_id);

-- What is looked at every minute, without the history of years.
CREATE INDEX replies_abandoned ON replies (closed_at) WHERE etat = 'abandonnee';
