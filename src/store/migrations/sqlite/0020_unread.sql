-- Mails that are in their mailbox and could not be taken: tried again at intervals, told until they are read, gone or set
-- aside. One that was set aside stays on the list.
CREATE TABLE unread (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    account       TEXT    NOT NULL,
    -- As in mails.
    position      TEXT    NOT NULL,
    -- The word of the cause, and what the server said.
    cause         TEXT    NOT NULL,
    detail        TEXT    NOT NULL,
    -- As the mailbox announces them.
    size          INTEGER NOT NULL,
    arrived_at    INTEGER,
    -- When it was first left, when it was last tried, how often, when it is tried again.
    since         INTEGER NOT NULL,
    tried_at      INTEGER NOT NULL,
    tries         INTEGER NOT NULL,
    next_at       INTEGER NOT NULL,
    -- The decision of an operator not to wait for it any more: when, who, why.
    aside_at      INTEGER,
    aside_by      TEXT,
    aside_note    TEXT,
    -- When it was no longer in the mailbox; kept for those that were set aside.
    gone_at       INTEGER
) STRICT;

CREATE UNIQUE INDEX unread_by_position ON unread (account, position) WHERE gone_at IS NULL;
