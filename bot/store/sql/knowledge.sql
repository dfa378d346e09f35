-- name: absences_put(userid, first_day, last_day, kind)*!
-- Leave of a person, both days included.
INSERT INTO absences (userid, first_day, last_day, kind)
VALUES (:userid, :first_day, :last_day, :kind)
ON CONFLICT (userid, first_day, last_day) DO UPDATE
   SET kind = excluded.kind;

-- name: absences_drop(userid, first_day, last_day)*!
-- A leave that was called off.
DELETE FROM absences
 WHERE userid = :userid
   AND first_day = :first_day
   AND last_day = :last_day;

-- name: absences_all()
SELECT userid, first_day, last_day, kind
  FROM absences
 ORDER BY userid, first_day, last_day;

-- name: facts_put(key_kind, key, fact, value, imported_at)*!
-- What the bank says of a customer; the newest import wins.
INSERT INTO facts (key_kind, key, fact, value, imported_at)
VALUES (:key_kind, :key, :fact, :value, :imported_at)
ON CONFLICT (key_kind, key, fact) DO UPDATE
   SET value = excluded.value,
       imported_at = excluded.imported_at;

-- name: facts_drop(key_kind, key, fact)*!
-- The bank does not know any more: an empty cell.
DELETE FROM facts
 WHERE key_kind = :key_kind
   AND key = :key
   AND fact = :fact;

-- name: facts_all()
SELECT key_kind, key, fact, value
  FROM facts;

-- name: facts_age()^
-- When the newest facts came.
SELECT MAX(imported_at) AS imported_at
  FROM facts;

-- name: details_since(since)
-- WeCom's details of contacts that came into being since a time.
SELECT userid, external_userid, createtime, customer_type, add_way, state, tags, unionid, mobile_sha256
  FROM details
 WHERE createtime >= :since;

-- name: tags_all()
-- Every tag that is known by a name.
SELECT id, group_name, name
  FROM corp_tags;
