-- Several workers share the work. What one of them is at belongs to it for as long as its lease runs, on the clock of
-- the database; when the lease has run out, others take over.

-- Numbers that only grow: fences, claims, doubts. Of two of one location the later is the greater.
CREATE TABLE numbers (last INTEGER NOT NULL) STRICT;
INSERT INTO numbers (last) VALUES (0);

-- Who is at work. A worker whose lease has run out is taken off the list by the first that sees it.
CREATE TABLE workers (
    id            INTEGER PRIMARY KEY,
    -- Machine and process, for people.
    name          TEXT    NOT NULL,
    expires_at    INTEGER NOT NULL
) STRICT;

-- What one worker does at a time: reading a mailbox, settling. A holder that is not on the list holds nothing.
CREATE TABLE duties (
    name          TEXT    PRIMARY KEY,
    worker        INTEGER NOT NULL,
    -- The fence: a write under another number is refused, however late it comes.
    number        INTEGER NOT NULL
) STRICT;

-- The claim under which the request left, and whose; an answer under another claim came too late.
ALTER TABLE updates ADD COLUMN claim INTEGER;
ALTER TABLE updates ADD COLUMN worker INTEGER;
-- When, as a number, in_doubt was set: a claim before it cannot end the doubt.
ALTER TABLE updates ADD COLUMN doubt INTEGER NOT NULL DEFAULT 0;
ALTER TABLE removals ADD COLUMN claim INTEGER;
ALTER TABLE removals ADD COLUMN worker INTEGER;
-- Who is sending the reply.
ALTER TABLE replies ADD COLUMN worker INTEGER;

CREATE INDEX removals_in_flight ON removals (finess, service) WHERE in_flight_at IS NOT NULL;
