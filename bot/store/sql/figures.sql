-- name: figures_put(userid, quota, period, department, role, target, counted, is_ranked, line, kept, recent, latest, earlier, as_of)*!
-- One person's figures in one quota and period as of a moment.
INSERT INTO figures (userid, quota, period, department, role, target, counted, is_ranked, line, kept, recent, latest,
                     earlier, as_of)
VALUES (:userid, :quota, :period, :department, :role, :target, :counted, :is_ranked, :line, :kept, :recent, :latest,
        :earlier, :as_of)
ON CONFLICT (userid, quota, period) DO UPDATE
   SET department = excluded.department,
       role = excluded.role,
       target = excluded.target,
       counted = excluded.counted,
       is_ranked = excluded.is_ranked,
       line = excluded.line,
       kept = excluded.kept,
       recent = excluded.recent,
       latest = excluded.latest,
       earlier = excluded.earlier,
       as_of = excluded.as_of;

-- name: figures_marks(userids)
-- How often something of these people (a list) was marked as changed.
SELECT figures.userid, MAX(figures.is_stale) AS marks
  FROM LISTED(:userids) AS asked
 CROSS JOIN figures
 WHERE figures.userid = asked.value
   AND figures.is_stale > 0
 GROUP BY figures.userid;

-- name: figures_fresh(userid, marks)*!
-- The figures of a person were made after so many marks; a later mark stays.
UPDATE figures
   SET is_stale = 0
 WHERE userid = :userid
   AND is_stale <= :marks;

-- name: figures_drop(userids, as_of)!
-- Rows of these people (a list) from before a moment: of quotas and periods that they are under no longer.
DELETE FROM figures
 WHERE as_of < :as_of
   AND userid IN (SELECT asked.value
                    FROM LISTED(:userids) AS asked);

-- name: figures_drop_older(as_of, most)!
-- The same of anybody, some at a time: people who are gone.
DELETE FROM figures
 WHERE as_of < :as_of
   AND userid IN (SELECT old.userid
                    FROM figures AS old
                   WHERE old.as_of < :as_of
                   LIMIT :most);

-- name: figures_mark(userids, customers)!
-- Something of these people (a list) changed, or of the customers of these people (a list).
UPDATE figures
   SET is_stale = is_stale + 1
 WHERE userid IN (SELECT asked.value
                    FROM LISTED(:userids) AS asked
                   UNION
                  SELECT adds.userid
                    FROM LISTED(:customers) AS shared
                   CROSS JOIN adds
                   WHERE adds.external_userid = shared.value);

-- name: figures_stale(most)
-- Some people whose figures are to be computed anew.
SELECT DISTINCT userid
  FROM figures
 WHERE is_stale > 0
 ORDER BY userid
 LIMIT :most;

-- name: figures_of(userids)
-- The kept figures of these people (a list).
SELECT figures.userid, figures.quota, figures.period, figures.is_ranked, figures.line, figures.kept, figures.recent,
       figures.latest, figures.earlier, figures.as_of
  FROM LISTED(:userids) AS asked
 CROSS JOIN figures
 WHERE figures.userid = asked.value
 ORDER BY figures.userid, figures.quota, figures.period;

-- name: figures_places(quota, period, scope, userids)
-- Ranks of these people (a list), each among all of their group, with the oldest moment of the group's figures.
WITH grouped AS (
    SELECT userid, counted, target, as_of,
           CASE CAST(:scope AS TEXT)
                WHEN 'department' THEN COALESCE(CAST(department AS TEXT), '')
                WHEN 'role' THEN CASE WHEN role IS NULL THEN '' ELSE '=' || role END
                ELSE ''
            END AS team
      FROM figures
     WHERE quota = :quota
       AND period = :period
       AND is_ranked = 1
), placed AS (
    SELECT userid,
           RANK() OVER (PARTITION BY team ORDER BY CAST(counted AS DOUBLE PRECISION) / target DESC) AS place,
           COUNT(*) OVER (PARTITION BY team) AS people,
           MIN(as_of) OVER (PARTITION BY team) AS as_of
      FROM grouped
     WHERE team IN (SELECT team
                      FROM grouped
                     WHERE userid IN (SELECT asked.value
                                        FROM LISTED(:userids) AS asked))
)
SELECT userid, place, people, as_of
  FROM placed
 WHERE userid IN (SELECT asked.value
                    FROM LISTED(:userids) AS asked)
 ORDER BY userid;

-- name: figures_place(quota, period, scope, userid)^
-- The same of one person: counted instead of sorted.
SELECT own.userid,
       1 + SUM(CASE WHEN other.counted * own.target > own.counted * other.target THEN 1 ELSE 0 END) AS place,
       COUNT(*) AS people,
       MIN(other.as_of) AS as_of
  FROM figures AS own
  JOIN figures AS other
    ON other.quota = own.quota
   AND other.period = own.period
   AND other.is_ranked = 1
   AND (CAST(:scope AS TEXT) <> 'department' OR COALESCE(other.department, -1) = COALESCE(own.department, -1))
   AND (CAST(:scope AS TEXT) <> 'role' OR COALESCE('=' || other.role, '') = COALESCE('=' || own.role, ''))
 WHERE own.userid = :userid
   AND own.quota = :quota
   AND own.period = :period
   AND own.is_ranked = 1
 GROUP BY own.userid;
