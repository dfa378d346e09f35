-- Each piece of a bank looks up what the bank says of its customers, nearly always by their ids, and asks first whether
-- it says anything by other keys.
DROP INDEX facts_by_key;

CREATE INDEX facts_by_kind ON facts (key_kind, key);

-- Adds are read by person or by customer alone.
DROP INDEX adds_by_time;

DROP INDEX adds_by_end;
