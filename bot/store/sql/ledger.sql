-- name: ledger_append(userid, external_userid, at, kind, origin, state, recorded_at)!
-- One fact about a relation, once; 0 when it was known.
INSERT INTO relation_events (userid, external_userid, at, kind, origin, state, recorded_at)
VALUES (:userid, :external_userid, :at, :kind, :origin, :state, :recorded_at)
ON CONFLICT (userid, external_userid, at, kind) DO NOTHING;

-- name: ledger_relation(userid, external_userid)
-- The set of facts of one relation.
SELECT userid, external_userid, at, kind
  FROM relation_events
 WHERE userid = :userid
   AND external_userid = :external_userid
 ORDER BY at, kind;

-- name: dirty_mark(scope, key)*!
-- What is derived from this scope must be derived anew. The update locks the row, so that nobody who reads
-- the set without our fact can take this mark away.
INSERT INTO dirty (scope, key, marks)
VALUES (:scope, :key, 1)
ON CONFLICT (scope, key) DO UPDATE
   SET marks = dirty.marks + 1;

-- name: dirty_mark_all_relations()!
-- Every relation must be derived anew.
INSERT INTO dirty (scope, key, marks)
SELECT DISTINCT 'relation', userid || ' ' || external_userid, 1
  FROM relation_events
 WHERE 0 = 0
ON CONFLICT (scope, key) DO NOTHING;

-- name: dirty_count()^
SELECT COUNT(*) AS dirty
  FROM dirty;

-- name: adds_clear(userid, external_userid)!
-- Forget what was derived for one relation.
DELETE FROM adds
 WHERE userid = :userid
   AND external_userid = :external_userid;

-- name: adds_put(userid, external_userid, added_at, nth, ended_at, ended_by, slips, last_regained_at)*!
-- What the set of one relation says.
INSERT INTO adds (userid, external_userid, added_at, nth, ended_at, ended_by, slips, last_regained_at)
VALUES (:userid, :external_userid, :added_at, :nth, :ended_at, :ended_by, :slips, :last_regained_at);

-- name: adds_since(since, upto)
-- Adds up to a time that began, ended or were regained since another.
SELECT userid, external_userid, added_at, nth, ended_at, ended_by, slips
  FROM adds
 WHERE added_at <= :upto
   AND (added_at >= :since OR ended_at >= :since OR last_regained_at >= :since)
 ORDER BY userid, added_at, external_userid;
