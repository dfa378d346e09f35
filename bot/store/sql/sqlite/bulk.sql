-- Many rows in one statement: as JSON, which the engines open with functions of other names.

-- name: absences_put(rows)!
-- Leave: [userid, first day, last day, kind], both days included.
INSERT INTO absences (userid, first_day, last_day, kind)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3
  FROM json_each(:rows)
 WHERE 0 = 0
ON CONFLICT (userid, first_day, last_day) DO UPDATE
   SET kind = excluded.kind;
