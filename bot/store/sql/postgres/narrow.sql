-- What of a large table concerns a few: their ids as JSON, which the engines open with functions of other names.

-- name: adds_of(userids, since, upto, alive)
-- As adds_since, of these employees (a list).
SELECT adds.userid, adds.external_userid, adds.added_at, adds.nth, adds.ended_at, adds.ended_by, adds.slips,
       adds.state,
       (SELECT MIN(earlier.added_at)
          FROM adds AS earlier
         WHERE earlier.external_userid = adds.external_userid
           AND earlier.added_at < adds.added_at
           AND earlier.userid <> adds.userid) AS known_since
  FROM json_array_elements_text(CAST(:userids AS JSON)) AS asked (value)
  JOIN adds
    ON adds.userid = asked.value
 WHERE adds.added_at <= :upto
   AND (adds.added_at >= :since OR adds.ended_at >= :since OR adds.last_regained_at >= :since
        OR (:alive = 1 AND adds.ended_at IS NULL))
 ORDER BY adds.userid, adds.added_at, adds.external_userid;

-- name: adds_of_customers(customers, since, upto, alive)
-- The same of these customers (a list), at whomever.
SELECT adds.userid, adds.external_userid, adds.added_at, adds.nth, adds.ended_at, adds.ended_by, adds.slips,
       adds.state,
       (SELECT MIN(earlier.added_at)
          FROM adds AS earlier
         WHERE earlier.external_userid = adds.external_userid
           AND earlier.added_at < adds.added_at
           AND earlier.userid <> adds.userid) AS known_since
  FROM json_array_elements_text(CAST(:customers AS JSON)) AS asked (value)
  JOIN adds
    ON adds.external_userid = asked.value
 WHERE adds.added_at <= :upto
   AND (adds.added_at >= :since OR adds.ended_at >= :since OR adds.last_regained_at >= :since
        OR (:alive = 1 AND adds.ended_at IS NULL))
 ORDER BY adds.userid, adds.added_at, adds.external_userid;

-- name: details_of(userids, since)
-- As details_since, of these employees (a list).
SELECT details.userid, details.external_userid, details.createtime, details.customer_type, details.add_way,
       details.state, details.tags, details.unionid, details.mobile_sha256
  FROM json_array_elements_text(CAST(:userids AS JSON)) AS asked (value)
  JOIN details
    ON details.userid = asked.value
 WHERE details.createtime >= :since;

-- name: facts_called(keys)
-- As facts_all, of what goes by these keys (a list) of whatever kind. Reads the table: an index on the key would
-- make an import, which writes at the end only, three times as long.
SELECT number, key_kind, key, manager, said
  FROM facts
 WHERE key IN (SELECT value
                       FROM json_array_elements_text(CAST(:keys AS JSON)) AS asked (value))
   AND number <= (SELECT CAST(marks.value AS BIGINT)
                    FROM marks
                   WHERE marks.name = 'facts_upto')
 ORDER BY number;
