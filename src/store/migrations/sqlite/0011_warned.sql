-- A warning has somebody who must act on it too, though nothing is rejected.
INSERT OR IGNORE INTO facets (mail_id, facet, received_at, rejection)
SELECT DISTINCT d.mail_id, who.value, j.received_at, 0
FROM defects d JOIN journal j ON j.mail_id = d.mail_id, json_each(d.content, '$.agir') AS who
WHERE d.severity = 'avertissement';
