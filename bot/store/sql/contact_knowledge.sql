-- name: absences_put(rows)!
-- Leave: [userid, first day, last day, kind], both days included.
INSERT INTO absences (userid, first_day, last_day, kind)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3
  FROM TUPLES(:rows) AS absent
 WHERE 0 = 0
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

-- name: absences_of(userids)
-- The same of these people (a list).
SELECT absences.userid, first_day, last_day, kind
  FROM LISTED(:userids) AS asked
 CROSS JOIN absences
 WHERE absences.userid = asked.value
 ORDER BY absences.userid, first_day, last_day;

-- name: facts_all()
-- What the bank says, oldest first: of two rows of one key the later one holds.
SELECT key_kind, key, manager, said
  FROM facts
 WHERE number <= (SELECT CAST(value AS BIGINT)
                    FROM marks
                   WHERE name = 'facts_upto')
 ORDER BY number;

-- name: facts_page(key_kind, after, batch)
-- The same of one kind of key, in pieces, looked for by their numbers.
SELECT number, key, manager, said
  FROM facts
 WHERE number > :after
   AND key_kind || '' = :key_kind
 ORDER BY number
 LIMIT :batch;

-- name: facts_last()^
-- The highest number, also of an import that is not done.
SELECT MAX(number) AS number
  FROM facts;

-- name: facts_drop(number)*!
-- A row in whose place another one holds.
DELETE FROM facts
 WHERE number = :number;

-- name: facts_drop_span(first, last)!
-- Rows of an import that came to nothing.
DELETE FROM facts
 WHERE number BETWEEN :first AND :last;

-- name: keys_of_adds(userid, external_userid, added_at, batch)
-- Customers and channel states of contacts after one of them, in the order of their key.
SELECT userid, external_userid, added_at, state
  FROM adds
 WHERE (userid, external_userid, added_at) > (:userid, :external_userid, CAST(:added_at AS BIGINT))
 ORDER BY userid, external_userid, added_at
 LIMIT :batch;

-- name: keys_of_details(userid, external_userid, createtime, batch)
-- By what the bank may call contacts of which WeCom's details are read, after one of them.
SELECT userid, external_userid, createtime, state, unionid, mobile_sha256
  FROM details
 WHERE (userid, external_userid, createtime) > (:userid, :external_userid, CAST(:createtime AS BIGINT))
 ORDER BY userid, external_userid, createtime
 LIMIT :batch;

-- name: contact_keys(userid, external_userid, added_at, batch)
-- Contacts after one of them, in the order of their key, with what WeCom's details of just these say.
SELECT contact.userid, contact.external_userid, contact.added_at, contact.told_state,
       details.state, details.unionid, details.mobile_sha256
  FROM (SELECT userid, external_userid, added_at, state AS told_state
          FROM adds
         WHERE (userid, external_userid, added_at) > (:userid, :external_userid, CAST(:added_at AS BIGINT))
         ORDER BY userid, external_userid, added_at
         LIMIT :batch) AS contact
  LEFT JOIN details
    ON details.userid = contact.userid
   AND details.external_userid = contact.external_userid
   AND details.createtime BETWEEN contact.added_at - 60 AND contact.added_at + 60
 ORDER BY contact.userid, contact.external_userid, contact.added_at, details.createtime;

-- name: details_all()
-- WeCom's details of all contacts.
SELECT userid, external_userid, createtime, customer_type, add_way, tags, state, unionid, mobile_sha256
  FROM details;

-- name: tags_all()
-- Every tag that is known by a name.
SELECT id, group_name, name
  FROM corp_tags;
