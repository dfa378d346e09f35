-- Many rows in one statement: as JSON, which the engines open with functions of other names.

-- name: absences_put(rows)!
-- Leave: [userid, first day, last day, kind], both days included.
INSERT INTO absences (userid, first_day, last_day, kind)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3
  FROM json_each(:rows)
 WHERE 0 = 0
ON CONFLICT (userid, first_day, last_day) DO UPDATE
   SET kind = excluded.kind;

-- name: facts_put(key_kind, fact, rows, imported_at)!
-- One fact of many customers, {key: value}; the newest import wins. What is known already is not written
-- again: most of a day's file is what yesterday's said.
INSERT INTO facts (key_kind, key, fact, value, imported_at)
SELECT CAST(:key_kind AS TEXT), told.key, CAST(:fact AS TEXT), told.value, CAST(:imported_at AS BIGINT)
  FROM json_each(:rows) AS told
 WHERE 0 = 0
ON CONFLICT (key_kind, key, fact) DO UPDATE
   SET value = excluded.value,
       imported_at = excluded.imported_at
 WHERE facts.value <> excluded.value;
