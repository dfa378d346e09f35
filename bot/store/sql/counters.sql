-- name: counters_add(name, label, number)*!
-- Counted since the last time, by any process.
INSERT INTO counters (name, label, value)
VALUES (:name, :label, :number)
ON CONFLICT (name, label) DO UPDATE
   SET value = counters.value + excluded.value;

-- name: counters_all()
SELECT name, label, value
  FROM counters
 ORDER BY name, label;
