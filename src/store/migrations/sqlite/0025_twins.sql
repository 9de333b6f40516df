-- What was seen in the ROR beside an indicator of ours, under the other code of the undifferentiated genre: those beds are
-- counted twice there until an operator has it deleted.
CREATE TABLE twins (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    finess        TEXT    NOT NULL,
    service       TEXT    NOT NULL,
    indicator     TEXT    NOT NULL,
    genre_code    TEXT    NOT NULL,
    nombre        INTEGER NOT NULL,
    date          INTEGER NOT NULL,
    seen_at       INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX twins_once ON twins (finess, service, indicator);
