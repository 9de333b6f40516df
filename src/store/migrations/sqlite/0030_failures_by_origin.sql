-- Failures to sign in are counted by login and by where they come from: one address does not lock somebody else out.

DROP TABLE failures;

CREATE TABLE failures (
    login         TEXT    NOT NULL,
    -- A network, a device that signed in before, or the second step; see src/web/sign_in/origin.rs.
    origin        TEXT    NOT NULL,
    failures      INTEGER NOT NULL,
    last_at       INTEGER NOT NULL,
    PRIMARY KEY (login, origin)
) STRICT;

CREATE INDEX failures_by_time ON failures (last_at);

-- Browsers that somebody signed in with, by the SHA-256 of the token in their cookie.
CREATE TABLE devices (
    login         TEXT    NOT NULL,
    digest        TEXT    NOT NULL,
    seen_at       INTEGER NOT NULL,
    PRIMARY KEY (login, digest)
) STRICT;

CREATE INDEX devices_by_time ON devices (seen_at);
