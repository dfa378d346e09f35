-- What of a large table concerns a few, whose ids are a JSON list. CROSS JOIN keeps SQLite from beginning with the
-- large table.

-- name: adds_of(userids, since, upto, alive)
-- Adds of these employees (a list) up to a time that began, ended or were regained since another.
SELECT adds.userid, adds.external_userid, adds.added_at, adds.nth, adds.ended_at, adds.ended_by, adds.state,
       NULL AS at_others, NULLIF(adds.slips, '[]') AS slips
  FROM LISTED(:userids) AS asked
 CROSS JOIN adds
 WHERE adds.userid = asked.value
   AND adds.added_at <= :upto
   AND (adds.added_at >= :since OR adds.ended_at >= :since OR adds.last_regained_at >= :since
        OR (:alive = 1 AND adds.ended_at IS NULL));

-- name: adds_known_of(userids, since, upto, alive, others, facts, keys)
-- The same with what WeCom's details and the bank say of each, by its id. An add that slipped has no details here:
-- they may be of a later time. It has a row for each row of details within a minute of it, and of facts.
SELECT adds.userid, adds.external_userid, adds.added_at, adds.nth, adds.ended_at, adds.ended_by,
       CASE WHEN adds.state <> '' THEN adds.state ELSE COALESCE(details.state, '') END AS state,
       CASE WHEN :others = 1
            THEN (SELECT 1
                    FROM adds AS other
                   WHERE other.external_userid = adds.external_userid
                     AND other.userid <> adds.userid
                   LIMIT 1) END AS at_others,
       NULLIF(adds.slips, '[]') AS slips,
       details.customer_type, details.add_way, details.tags, facts.manager, facts.said,
       details.createtime - adds.added_at AS apart, facts.number,
       CASE WHEN :keys = 1 THEN details.unionid || ' ' || details.mobile_sha256 END AS keys
  FROM LISTED(:userids) AS asked
 CROSS JOIN adds
  LEFT JOIN details
    ON details.userid = adds.userid
   AND details.external_userid = adds.external_userid
   AND details.createtime BETWEEN adds.added_at - 60 AND adds.added_at + 60
   AND adds.slips = '[]'
  LEFT JOIN facts
    ON :facts = 1
   AND facts.key_kind = 'external_userid'
   AND facts.key = adds.external_userid
   AND facts.number <= (SELECT CAST(marks.value AS BIGINT)
                          FROM marks
                         WHERE marks.name = 'facts_upto')
 WHERE adds.userid = asked.value
   AND adds.added_at <= :upto
   AND (adds.added_at >= :since OR adds.ended_at >= :since OR adds.last_regained_at >= :since
        OR (:alive = 1 AND adds.ended_at IS NULL));

-- name: adds_of_customers(customers, since, upto, alive)
-- All adds of these customers (a list) at anybody. is_in_span: whether adds_of would have it.
SELECT adds.userid, adds.external_userid, adds.added_at, adds.nth, adds.ended_at, adds.ended_by, adds.state,
       NULL AS at_others, NULLIF(adds.slips, '[]') AS slips,
       CASE WHEN adds.added_at <= :upto
             AND (adds.added_at >= :since OR adds.ended_at >= :since OR adds.last_regained_at >= :since
                  OR (:alive = 1 AND adds.ended_at IS NULL)) THEN 1 ELSE 0 END AS is_in_span
  FROM LISTED(:customers) AS asked
 CROSS JOIN adds
 WHERE adds.external_userid = asked.value;

-- name: details_of(relations)
-- WeCom's details of some relations (a list of userid and external_userid).
SELECT details.userid, details.external_userid, details.createtime, details.customer_type, details.add_way,
       details.tags, details.state, details.unionid, details.mobile_sha256
  FROM TUPLES(:relations) AS listed
 CROSS JOIN details
 WHERE details.userid = listed.value ->> 0
   AND details.external_userid = listed.value ->> 1;

-- name: facts_kinds(kinds)
-- Under which of these kinds of keys (a list) the bank said anything.
SELECT listed.value AS key_kind
  FROM LISTED(:kinds) AS listed
 WHERE EXISTS (SELECT 1
                 FROM facts
                WHERE facts.key_kind = listed.value);

-- name: facts_called(kind, keys)
-- As facts_all, of what goes by these keys (a list) of a kind.
SELECT facts.key_kind, facts.key, facts.manager, facts.said
  FROM LISTED(:keys) AS asked
 CROSS JOIN facts
 WHERE facts.key_kind = :kind
   AND facts.key = asked.value
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
