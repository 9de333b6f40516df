-- What may still happen at the ROR after an answer was lost, and what makes up for it.

-- 1 when a request for the row was left without a known outcome, until the newest row of its key
-- was acknowledged twice, a settling time apart.
ALTER TABLE updates ADD COLUMN in_doubt INTEGER NOT NULL DEFAULT 0;
-- When an acknowledged row is sent once more: a request in doubt may have been applied after it.
ALTER TABLE updates ADD COLUMN again_at INTEGER;
-- 1 when the ROR refused a row whose mail had been settled with the row superseded: it stays so.
ALTER TABLE updates ADD COLUMN refused INTEGER NOT NULL DEFAULT 0;

-- When the request for a removal left, until its outcome is recorded.
ALTER TABLE removals ADD COLUMN in_flight_at INTEGER;

-- How many rejections of the mail its digest told of.
ALTER TABLE withheld ADD COLUMN told INTEGER NOT NULL DEFAULT 0;

-- History grows for years; each of these holds only what is open.
CREATE INDEX updates_open_by_key ON updates (finess, service, indicator) WHERE etat = 'en-attente';
CREATE INDEX updates_in_flight ON updates (finess, service) WHERE in_flight_at IS NOT NULL;
CREATE INDEX updates_in_doubt ON updates (finess, service, indicator) WHERE in_doubt = 1;
CREATE INDEX updates_again ON updates (finess, service, indicator) WHERE again_at IS NOT NULL;
CREATE INDEX removals_open ON removals (finess, service, next_at) WHERE done_at IS NULL;
CREATE INDEX defects_by_document ON defects (document_id);
CREATE INDEX defects_by_update ON defects (update_id) WHERE update_id IS NOT NULL;
CREATE INDEX attempts_by_removal ON attempts (removal_id) WHERE removal_id IS NOT NULL;
CREATE INDEX mails_with_content ON mails (received_at) WHERE raw IS NOT NULL;
-- In the order in which replies leave: without it their whole table, contents included, was read.
DROP INDEX replies_waiting;
CREATE INDEX replies_waiting ON replies (id, next_at) WHERE etat = 'a-envoyer';
CREATE INDEX withheld_waiting ON withheld (since) WHERE digest_id IS NULL;
