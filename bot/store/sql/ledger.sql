-- name: ledger_append(userid, external_userid, at, kind, origin, state, recorded_at)!
-- One fact about a relation, once; 0 when nothing new was told. Of two states the greater one stays, of a callback
-- and a list the callback, so that order does not matter.
INSERT INTO relation_events (userid, external_userid, at, kind, origin, state, recorded_at)
VALUES (:userid, :external_userid, :at, :kind, :origin, :state, :recorded_at)
ON CONFLICT (userid, external_userid, at, kind) DO UPDATE
   SET state = CASE WHEN excluded.state > relation_events.state THEN excluded.state ELSE relation_events.state END,
       origin = CASE WHEN excluded.origin = 'callback' THEN 'callback' ELSE relation_events.origin END
 WHERE excluded.state > relation_events.state
    OR (excluded.origin = 'callback' AND relation_events.origin <> 'callback');

-- name: ledger_append_all(userid, external_userid, at, kind, origin, state, recorded_at)*!
-- Many facts, each once, as ledger_append has it.
INSERT INTO relation_events (userid, external_userid, at, kind, origin, state, recorded_at)
VALUES (:userid, :external_userid, :at, :kind, :origin, :state, :recorded_at)
ON CONFLICT (userid, external_userid, at, kind) DO UPDATE
   SET state = CASE WHEN excluded.state > relation_events.state THEN excluded.state ELSE relation_events.state END,
       origin = CASE WHEN excluded.origin = 'callback' THEN 'callback' ELSE relation_events.origin END
 WHERE excluded.state > relation_events.state
    OR (excluded.origin = 'callback' AND relation_events.origin <> 'callback');

-- name: ledger_of_member(userid)
-- The facts of all relations of one employee.
SELECT userid, external_userid, at, kind, origin, state
  FROM relation_events
 WHERE userid = :userid
 ORDER BY external_userid, at, kind;

-- name: ledger_living()
-- Who has a relation that is alive.
SELECT DISTINCT userid
  FROM adds
 WHERE ended_at IS NULL
 ORDER BY userid;

-- name: ledger_relation(userid, external_userid)
-- The set of facts of one relation.
SELECT userid, external_userid, at, kind, origin, state
  FROM relation_events
 WHERE userid = :userid
   AND external_userid = :external_userid
 ORDER BY at, kind;

-- name: ledger_of_relations(relations)
-- The facts of some relations (a list of userid and external_userid).
SELECT told.userid, told.external_userid, told.at, told.kind, told.origin, told.state
  FROM TUPLES(:relations) AS listed
 CROSS JOIN relation_events AS told
 WHERE told.userid = listed.value ->> 0
   AND told.external_userid = listed.value ->> 1;

-- name: ledger_of_person(userid, upto)
-- The facts of all relations of one employee up to a time.
SELECT userid, external_userid, at, kind, origin, state
  FROM relation_events
 WHERE userid = :userid
   AND at <= :upto
 ORDER BY external_userid, at, kind;

-- name: ledger_relations()
-- Every relation, for a full recount.
SELECT DISTINCT userid, external_userid
  FROM relation_events
 ORDER BY userid, external_userid;

-- name: ledger_relations_count()^
-- How many relations have facts.
SELECT COUNT(*) AS relations
  FROM (SELECT DISTINCT userid, external_userid
          FROM relation_events) AS told;

-- name: ledger_first()^
-- When the first fact of all happened.
SELECT MIN(at) AS at
  FROM relation_events;

-- name: ledger_found_since(origin, since)^
-- How many facts of one origin are of a later time.
SELECT COUNT(*) AS facts
  FROM relation_events
 WHERE origin = :origin
   AND at > :since;

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

-- name: dirty_has(scope, key)^
-- Whether a scope waits to be derived.
SELECT marks
  FROM dirty
 WHERE scope = :scope
   AND key = :key;

-- name: dirty_clear(scope, key)*!
-- Derived by whoever holds the lock on this mark.
DELETE FROM dirty
 WHERE scope = :scope
   AND key = :key;

-- name: dirty_count(scope)^
-- How many scopes wait to be derived. Below the floor none does.
SELECT COUNT(*) AS dirty
  FROM dirty
 WHERE scope || '' = :scope
   AND seq > COALESCE((SELECT CAST(value AS BIGINT)
                         FROM marks
                        WHERE name = 'floor_dirty_' || CAST(:scope AS TEXT)), 0);

-- name: dirty_count_set_aside(scope)^
SELECT COUNT(*) AS dirty
  FROM dirty
 WHERE scope = :scope;

-- name: dirty_first_open(scope, after)^
-- The first of a scope after a number, looked for as in dirty_take.
SELECT seq
  FROM dirty
 WHERE scope || '' = :scope
   AND seq > :after
 ORDER BY seq
 LIMIT 1;

-- name: dirty_newest()^
-- The newest number, of any scope.
SELECT MAX(seq) AS seq
  FROM dirty;

-- name: dirty_again(scope, set_aside)!
-- What was set aside must be derived once more.
INSERT INTO dirty (scope, key, marks)
SELECT :scope, key, 1
  FROM dirty
 WHERE scope = :set_aside
ON CONFLICT (scope, key) DO NOTHING;

-- name: adds_clear(userid, external_userid)*!
-- Forget what was derived for one relation.
DELETE FROM adds
 WHERE userid = :userid
   AND external_userid = :external_userid;

-- name: adds_put(userid, external_userid, added_at, nth, ended_at, ended_by, slips, last_regained_at, state)*!
-- What the set of one relation says.
INSERT INTO adds (userid, external_userid, added_at, nth, ended_at, ended_by, slips, last_regained_at, state)
VALUES (:userid, :external_userid, :added_at, :nth, :ended_at, :ended_by, :slips, :last_regained_at, :state);

-- name: adds_of_relation(userid, external_userid)
-- What is kept of one relation, for a recount.
SELECT userid, external_userid, added_at, nth, ended_at, ended_by, slips, last_regained_at, state
  FROM adds
 WHERE userid = :userid
   AND external_userid = :external_userid
 ORDER BY added_at;

-- name: adds_of_relations(relations)
-- What is kept of some relations (a list of userid and external_userid), of each by time.
SELECT kept.userid, kept.external_userid, kept.added_at, kept.nth, kept.ended_at, kept.ended_by, kept.slips,
       kept.last_regained_at, kept.state
  FROM TUPLES(:relations) AS listed
 CROSS JOIN adds AS kept
 WHERE kept.userid = listed.value ->> 0
   AND kept.external_userid = listed.value ->> 1
 ORDER BY kept.added_at;

-- name: adds_relations()
-- Every relation of which something is kept.
SELECT DISTINCT userid, external_userid
  FROM adds
 ORDER BY userid, external_userid;

-- name: relations_after(userid, external_userid, batch)
-- The next relations of which there are facts or adds, in the order of their key.
SELECT userid, external_userid
  FROM (SELECT DISTINCT userid, external_userid
          FROM relation_events
         WHERE (userid, external_userid) > (:userid, :external_userid)
         ORDER BY userid, external_userid
         LIMIT :batch) AS told
 UNION
SELECT userid, external_userid
  FROM (SELECT DISTINCT userid, external_userid
          FROM adds
         WHERE (userid, external_userid) > (:userid, :external_userid)
         ORDER BY userid, external_userid
         LIMIT :batch) AS kept
 ORDER BY userid, external_userid
 LIMIT :batch;

-- name: ledger_between(userid, external_userid, last_userid, last_external_userid)
-- The facts of all relations after one of them up to another.
SELECT userid, external_userid, at, kind, origin, state
  FROM relation_events
 WHERE (userid, external_userid) > (:userid, :external_userid)
   AND (userid, external_userid) <= (:last_userid, :last_external_userid)
 ORDER BY userid, external_userid, at, kind;

-- name: adds_between(userid, external_userid, last_userid, last_external_userid)
-- What is kept of all relations after one of them up to another.
SELECT userid, external_userid, added_at, nth, ended_at, ended_by, slips, last_regained_at, state
  FROM adds
 WHERE (userid, external_userid) > (:userid, :external_userid)
   AND (userid, external_userid) <= (:last_userid, :last_external_userid)
 ORDER BY userid, external_userid, added_at;
