-- How long the lease of a worker is, in milliseconds. One that ends further ahead than it can have been given was begun by
-- a clock that was set back since, and has lapsed.
ALTER TABLE workers ADD COLUMN lease BIGINT NOT NULL DEFAULT 30000;
