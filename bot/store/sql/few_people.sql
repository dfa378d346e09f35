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

-- name: adds_beside(userids, since, upto, alive)
-- The adds of the customers of these employees (a list) at others.
SELECT DISTINCT adds.userid, adds.external_userid, adds.added_at, adds.nth, adds.ended_at, adds.ended_by,
       adds.state, NULL AS known_since, adds.slips
  FROM LISTED(:userids) AS asked
 CROSS JOIN adds AS own
 CROSS JOIN adds
 WHERE own.userid = asked.value
   AND own.added_at <= :upto
   AND (own.added_at >= :since OR own.ended_at >= :since OR own.last_regained_at >= :since
        OR (:alive = 1 AND own.ended_at IS NULL))
   AND adds.external_userid = own.external_userid
   AND adds.userid <> own.userid
   AND adds.userid NOT IN (SELECT others.value
                             FROM LISTED(:userids) AS others)
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
-- As facts_all, of what goes by these keys (a list) of whatever kind.
SELECT facts.key_kind, facts.key, facts.manager, facts.said
  FROM LISTED(:keys) AS asked
 CROSS JOIN facts
 WHERE facts.key = asked.value
   AND facts.number <= (SELECT CAST(marks.value AS BIGINT)
                          FROM marks
                         WHERE marks.name = 'facts_upto')
 ORDER BY facts.number;

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
