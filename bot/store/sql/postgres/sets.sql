-- Statements of the same names, without _set, for many rows at once: a JSON list of objects. The rows come in one
-- order, and each names another row of its table.

-- name: ledger_append_all_set(rows)!
-- Many facts, each once, as ledger_append has it.
INSERT INTO relation_events (userid, external_userid, at, kind, origin, state, recorded_at)
SELECT userid, external_userid, at, kind, origin, state, recorded_at
  FROM json_to_recordset(CAST(:rows AS JSON))
       AS told (userid TEXT, external_userid TEXT, at BIGINT, kind TEXT, origin TEXT, state TEXT, recorded_at BIGINT)
ON CONFLICT (userid, external_userid, at, kind) DO UPDATE
   SET state = CASE WHEN excluded.state > relation_events.state THEN excluded.state ELSE relation_events.state END,
       origin = CASE WHEN excluded.origin = 'callback' THEN 'callback' ELSE relation_events.origin END
 WHERE excluded.state > relation_events.state
    OR (excluded.origin = 'callback' AND relation_events.origin <> 'callback');

-- name: dirty_mark_set(rows)!
INSERT INTO dirty (scope, key, marks)
SELECT scope, key, 1
  FROM json_to_recordset(CAST(:rows AS JSON)) AS touched (scope TEXT, key TEXT)
ON CONFLICT (scope, key) DO UPDATE
   SET marks = dirty.marks + 1;

-- name: dirty_clear_set(rows)!
DELETE FROM dirty
 USING json_to_recordset(CAST(:rows AS JSON)) AS derived (scope TEXT, key TEXT)
 WHERE dirty.scope = derived.scope
   AND dirty.key = derived.key;

-- name: adds_put_set(rows)!
INSERT INTO adds (userid, external_userid, added_at, nth, ended_at, ended_by, slips, last_regained_at, state)
SELECT userid, external_userid, added_at, nth, ended_at, ended_by, slips, last_regained_at, state
  FROM json_to_recordset(CAST(:rows AS JSON))
       AS derived (userid TEXT, external_userid TEXT, added_at BIGINT, nth INTEGER, ended_at BIGINT, ended_by TEXT,
                   slips TEXT, last_regained_at BIGINT, state TEXT);

-- name: inbox_finish_set(rows)!
UPDATE inbox
   SET state = handled.state,
       kind = handled.kind,
       error = ''
  FROM json_to_recordset(CAST(:rows AS JSON)) AS handled (seq BIGINT, state TEXT, kind TEXT)
 WHERE inbox.seq = handled.seq;

-- name: reads_want_set(rows)!
-- As reads_want. Two userids of one person are one row.
INSERT INTO detail_reads (userid, external_userid, wanted_since, next_try_at)
SELECT COALESCE(renames.userid, wanted.userid), wanted.external_userid, MIN(wanted.now), MIN(wanted.due)
  FROM json_to_recordset(CAST(:rows AS JSON))
       AS wanted (userid TEXT, external_userid TEXT, now BIGINT, due BIGINT)
  LEFT JOIN renames
    ON renames.old_userid = wanted.userid
 GROUP BY 1, 2
 ORDER BY 1, 2
ON CONFLICT (userid, external_userid) DO UPDATE
   SET wanted_since = CASE WHEN detail_reads.state = 'wanted' THEN detail_reads.wanted_since
                           ELSE excluded.wanted_since END,
       state = 'wanted',
       marks = detail_reads.marks + 1,
       attempts = 0,
       next_try_at = excluded.next_try_at,
       error = '';
