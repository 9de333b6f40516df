-- Several workers share the work. What one of them is at belongs to it for as long as its lease runs, on the clock of
-- the database; when the lease has run out, others take over.

-- Numbers that only grow: fences, claims, doubts. Of two of one location the later is the greater, since they are taken
-- under its lock.
CREATE SEQUENCE numbers AS BIGINT;

-- Who is at work. A worker whose lease has run out is taken off the list by the first that sees it.
CREATE TABLE workers (
    id            BIGINT  PRIMARY KEY,
    -- Machine and process, for people.
    name          TEXT    NOT NULL,
    expires_at    BIGINT  NOT NULL
);

-- What one worker does at a time: reading a mailbox, settling. A holder that is not on the list holds nothing.
CREATE TABLE duties (
    name          TEXT COLLATE "C" PRIMARY KEY,
    worker        BIGINT  NOT NULL,
    -- The fence: a write under another number is refused, however late it comes.
    number        BIGINT  NOT NULL
);

-- The claim under which the request left, and whose; an answer under another claim came too late.
ALTER TABLE updates ADD COLUMN claim BIGINT;
ALTER TABLE updates ADD COLUMN worker BIGINT;
-- When, as a number, in_doubt was set: a claim before it cannot end the doubt.
ALTER TABLE updates ADD COLUMN doubt BIGINT NOT NULL DEFAULT 0;
ALTER TABLE removals ADD COLUMN claim BIGINT;
ALTER TABLE removals ADD COLUMN worker BIGINT;
-- Who is sending the reply.
ALTER TABLE replies ADD COLUMN worker BIGINT;

CREATE INDEX removals_in_flight ON removals (finess, service) WHERE in_flight_at IS NOT NULL;
