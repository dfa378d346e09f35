-- name: results_add(quota, period, userid, version, state, line, author, reason, stored_at, counted)*!
-- One version of a line; what is there stays.
INSERT INTO results (quota, period, userid, version, state, line, author, reason, stored_at, counted)
VALUES (:quota, :period, :userid, :version, :state, :line, :author, :reason, :stored_at, :counted)
ON CONFLICT (quota, period, userid, version) DO NOTHING;

-- name: results_newest(quota, period)
-- The newest version of each line of a closed period; a changed userid is the new one.
SELECT COALESCE(renames.userid, results.userid) AS userid, version, state, line, author, reason, stored_at, counted
  FROM results
  LEFT JOIN renames
    ON renames.old_userid = results.userid
 WHERE quota = :quota
   AND period = :period
   AND version = (SELECT MAX(other.version)
                    FROM results AS other
                   WHERE other.quota = results.quota
                     AND other.period = results.period
                     AND other.userid = results.userid)
 ORDER BY results.userid;

-- name: results_versions(quota, period)
-- Every version of each line of a closed period; a changed userid is the new one.
SELECT COALESCE(renames.userid, results.userid) AS userid, version, state, line, author, reason, stored_at, counted
  FROM results
  LEFT JOIN renames
    ON renames.old_userid = results.userid
 WHERE quota = :quota
   AND period = :period
 ORDER BY results.userid, version;

-- name: results_newest_of(userid, quota, period)
-- The same of one person, under whatever userid it was stored.
SELECT CAST(:userid AS TEXT) AS userid, version, state, line, author, reason, stored_at, counted
  FROM results
 WHERE quota = :quota
   AND period = :period
   AND userid IN (SELECT CAST(:userid AS TEXT)
                   UNION
                  SELECT old_userid
                    FROM renames
                   WHERE renames.userid = :userid)
   AND version = (SELECT MAX(other.version)
                    FROM results AS other
                   WHERE other.quota = results.quota
                     AND other.period = results.period
                     AND other.userid = results.userid);

-- name: results_closed()
-- Closed periods: since when, and how many lines are final.
SELECT quota, period,
       MIN(stored_at) AS closed_at,
       COUNT(DISTINCT COALESCE(renames.userid, results.userid)) AS people,
       COUNT(DISTINCT CASE WHEN state = 'final' THEN COALESCE(renames.userid, results.userid) END) AS final
  FROM results
  LEFT JOIN renames
    ON renames.old_userid = results.userid
 GROUP BY quota, period
 ORDER BY MIN(stored_at), quota, period;

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
