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

-- name: section_versions_of(section)
SELECT since, value
  FROM section_versions
 WHERE section = :section
 ORDER BY since;

-- name: section_versions_put(section, since, value, recorded_at)!
-- A section of the file from a day on.
INSERT INTO section_versions (section, since, value, recorded_at)
VALUES (:section, :since, :value, :recorded_at);

-- name: section_versions_drop(section, since)!
-- What was to hold from a day on, and has not begun.
DELETE FROM section_versions
 WHERE section = :section
   AND since >= :since;
