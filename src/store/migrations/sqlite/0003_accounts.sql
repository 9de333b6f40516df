-- Several accounts are judged side by side.

-- Each judge looks for the mails of its own account.
DROP INDEX mails_to_judge;
CREATE INDEX mails_to_judge ON mails (account, id) WHERE judged_at IS NULL;
-- One document has one effect, whichever mailbox it came to first.
CREATE UNIQUE INDEX documents_once ON documents (sender, identifiant, sha256)
    WHERE duplicate_of IS NULL AND identifiant IS NOT NULL;
