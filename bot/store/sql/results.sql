-- name: results_add(quota, period, userid, version, state, line, author, reason, stored_at, counted, salt)*!
-- One version of a line; what is there stays.
INSERT INTO results (quota, period, userid, version, state, line, author, reason, stored_at, counted, salt)
VALUES (:quota, :period, :userid, :version, :state, :line, :author, :reason, :stored_at, :counted, :salt)
ON CONFLICT (quota, period, userid, version) DO NOTHING;

-- name: results_stored(quota, period, after, most)
-- The newest version of the next lines exactly as they are stored.
SELECT quota, period, userid, version, state, line, salt
  FROM results
 WHERE quota = :quota
   AND period = :period
   AND userid > :after
   AND version = (SELECT MAX(other.version)
                    FROM results AS other
                   WHERE other.quota = results.quota
                     AND other.period = results.period
                     AND other.userid = results.userid)
 ORDER BY userid
 LIMIT :most;

-- name: results_of_close(quota, period, after, most)
-- The next lines that the close itself stored.
SELECT quota, period, userid, version, state, line, salt
  FROM results
 WHERE quota = :quota
   AND period = :period
   AND userid > :after
   AND version = 1
   AND state = 'preliminary'
 ORDER BY userid
 LIMIT :most;

-- name: results_versions(quota, period, userids)
-- Every version of the lines of a closed period stored under these userids (a list).
SELECT results.userid, version, state, line, author, reason, stored_at, counted
  FROM LISTED(:userids) AS asked
 CROSS JOIN results
  JOIN closings
    ON closings.quota = results.quota
   AND closings.period = results.period
 WHERE results.quota = :quota
   AND results.period = :period
   AND results.userid = asked.value
 ORDER BY results.userid, version;

-- name: results_userids(quota, period)
-- The userids under which lines of a closed period are stored.
SELECT DISTINCT results.userid
  FROM results
  JOIN closings
    ON closings.quota = results.quota
   AND closings.period = results.period
 WHERE results.quota = :quota
   AND results.period = :period;

-- name: results_drop_unclosed(quota, period, most)!
-- Lines of a closing that was cut off; nobody has seen them.
DELETE FROM results
 WHERE quota = :quota
   AND period = :period
   AND userid IN (SELECT unseen.userid
                    FROM results AS unseen
                   WHERE unseen.quota = :quota
                     AND unseen.period = :period
                   ORDER BY unseen.userid
                   LIMIT :most)
   AND NOT EXISTS (SELECT 1
                     FROM closings
                    WHERE closings.quota = results.quota
                      AND closings.period = results.period);

-- name: closings_put(quota, period, closed_at)!
INSERT INTO closings (quota, period, closed_at)
VALUES (:quota, :period, :closed_at)
ON CONFLICT (quota, period) DO NOTHING;

-- name: closings_all()
SELECT quota, period, closed_at
  FROM closings
 ORDER BY closed_at, quota, period;

-- name: results_closed()
-- Closed periods: since when, and how many lines are final.
SELECT closings.quota, closings.period, closings.closed_at,
       COUNT(DISTINCT COALESCE(renames.userid, results.userid)) AS people,
       COUNT(DISTINCT CASE WHEN state = 'final' THEN COALESCE(renames.userid, results.userid) END) AS final
  FROM results
  JOIN closings
    ON closings.quota = results.quota
   AND closings.period = results.period
  LEFT JOIN renames
    ON renames.old_userid = results.userid
 GROUP BY closings.quota, closings.period, closings.closed_at
 ORDER BY closings.closed_at, closings.quota, closings.period;

-- name: reviews_of_period(quota, period)
-- Open appeals about contacts of a period, and all that was decided of its contacts.
SELECT userid, state
  FROM reviews
 WHERE quota = :quota
   AND period = :period
   AND (state IN ('accepted', 'rejected') OR (state = 'open' AND kind = 'appeal'))
 ORDER BY number;

-- name: results_of(userid)
-- Every version of each line of one person, under whatever userid it was stored.
SELECT CAST(:userid AS TEXT) AS userid, version, state, line, author, reason, stored_at, counted
  FROM results
 WHERE userid IN (SELECT CAST(:userid AS TEXT)
                   UNION
                  SELECT old_userid
                    FROM renames
                   WHERE renames.userid = :userid)
 ORDER BY quota, period, version;
