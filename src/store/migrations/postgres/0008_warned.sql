-- A warning has somebody who must act on it too, though nothing is rejected.
INSERT INTO facets (mail_id, facet, received_at, rejection)
SELECT DISTINCT d.mail_id, who.word, j.received_at, 0
FROM defects d JOIN journal j ON j.mail_id = d.mail_id
    CROSS JOIN LATERAL jsonb_array_elements_text(CAST(d.content AS jsonb) -> 'agir') AS who (word)
WHERE d.severity = 'avertissement'
ON CONFLICT DO NOTHING;
