-- name: rule_versions_all()
SELECT quota, since, rule, adopted_by, recorded_at
  FROM rule_versions
 ORDER BY quota, since;

-- name: rule_versions_put(quota, since, rule, adopted_by, recorded_at)!
-- A quota's rule from a day on; an empty rule says that the file does not have it.
INSERT INTO rule_versions (quota, since, rule, adopted_by, recorded_at)
VALUES (:quota, :since, :rule, :adopted_by, :recorded_at)
ON CONFLICT (quota, since) DO UPDATE
   SET rule = excluded.rule,
       adopted_by = excluded.adopted_by,
       recorded_at = excluded.recorded_at;

-- name: rule_versions_drop(quota, since)!
-- What was to hold from a day on, and has not begun.
DELETE FROM rule_versions
 WHERE quota = :quota
   AND since >= :since;
