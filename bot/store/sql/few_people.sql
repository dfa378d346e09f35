-- What of a large table concerns a few, whose ids are a JSON list. CROSS JOIN keeps SQLite from beginning with the
-- large table.

-- name: adds_of(userids, since, upto, alive, known)
-- As adds_since, of these employees (a list).
SELECT adds.userid, adds.external_userid, adds.added_at, adds.nth, adds.ended_at, adds.ended_by, adds.state,
       CASE WHEN :known = 1
            THEN (SELECT MIN(earlier.added_at)
                    FROM adds AS earlier
                   WHERE earlier.external_userid = adds.external_userid
                     AND earlier.added_at < adds.added_at
                     AND earlier.userid <> adds.userid) END AS known_since,
       adds.slips
  FROM LISTED(:userids) AS asked
 CROSS JOIN adds
 WHERE adds.userid = asked.value
   AND adds.added_at <= :upto
   AND (adds.added_at >= :since OR adds.ended_at >= :since OR adds.last_regained_at >= :since
        OR (:alive = 1 AND adds.ended_at IS NULL))
 ORDER BY adds.userid, adds.added_at, adds.external_userid;

-- name: adds_of_customers(customers, since, upto, alive, known)
-- The same of these customers (a list), at whomever.
SELECT adds.userid, adds.external_userid, adds.added_at, adds.nth, adds.ended_at, adds.ended_by, adds.state,
       CASE WHEN :known = 1
            THEN (SELECT MIN(earlier.added_at)
                    FROM adds AS earlier
                   WHERE earlier.external_userid = adds.external_userid
                     AND earlier.added_at < adds.added_at
                     AND earlier.userid <> adds.userid) END AS known_since,
       adds.slips
  FROM LISTED(:customers) AS asked
 CROSS JOIN adds
 WHERE adds.external_userid = asked.value
   AND adds.added_at <= :upto
   AND (adds.added_at >= :since OR adds.ended_at >= :since OR adds.last_regained_at >= :since
        OR (:alive = 1 AND adds.ended_at IS NULL))
 ORDER BY adds.userid, adds.added_at, adds.external_userid;

-- name: details_of(userids, since)
-- As details_since, of these employees (a list).
SELECT details.userid, details.external_userid, details.createtime, details.customer_type, details.add_way,
       details.tags, details.state, details.unionid, details.mobile_sha256
  FROM LISTED(:userids) AS asked
 CROSS JOIN details
 WHERE details.userid = asked.value
   AND details.createtime >= :since;

-- name: facts_called(keys)
-- As facts_all, of what goes by these keys (a list) of whatever kind. Reads the table: an index on the key would
-- make an import, which writes at the end only, three times as long.
SELECT number, key_kind, key, manager, said
  FROM facts
 WHERE key IN (SELECT asked.value
                 FROM LISTED(:keys) AS asked)
   AND number <= (SELECT CAST(marks.value AS BIGINT)
                    FROM marks
                   WHERE marks.name = 'facts_upto')
 ORDER BY number;

-- name: reviews_decided_about(userids)
-- As reviews_decided, of these employees (a list).
SELECT quota, userid, external_userid, added_at, state
  FROM reviews
 WHERE userid IN (SELECT asked.value
                    FROM LISTED(:userids) AS asked)
   AND (state = 'accepted' OR (state = 'rejected' AND kind = 'held'))
 ORDER BY decided_at, number;

-- name: findings_decided_about(userids)
-- As findings_decided, of these employees (a list).
SELECT kind, userid, subject, on_day, concerned, state, decided_by, decided_at, reason
  FROM findings
 WHERE userid IN (SELECT asked.value
                    FROM LISTED(:userids) AS asked)
   AND state IN ('confirmed', 'cleared')
 ORDER BY kind, userid, subject;
