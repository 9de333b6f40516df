-- Failures to sign in are counted by login and by where they come from: one address does not lock somebody else out.

DROP TABLE failures;

CREATE TABLE failures (
    login         TEXT COLLATE "C" NOT NULL,
    -- A network, a device that signed in before, or the second step; see src/web/sign_in/origin.rs.
    origin        TEXT COLLATE "C" NOT NULL,
    failures      BIGINT NOT NULL,
    last_at       BIGINT NOT NULL,
    PRIMARY KEY (login, origin)
);

CREATE INDEX failures_by_time ON failures (last_at);

-- Browsers that somebody signed in with, by the SHA-256 of the token in their cookie.
CREATE TABLE devices (
    login         TEXT COLLATE "C" NOT NULL,
    digest        TEXT COLLATE "C" NOT NULL,
    seen_at       BIGINT NOT NULL,
    PRIMARY KEY (login, digest)
);

CREATE INDEX devices_by_time ON devices (seen_at);
