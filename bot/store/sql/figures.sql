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

-- name: figures_listed(userids, since, quota, status, part, sort, descending, most, skipped)
-- Figures of these people (a list) from a moment on, some at a time, in an order. An empty quota, status or part of a
-- name or userid asks for all. sort: name, quota, status (the worst first), or the name of a figure; rows without it
-- are the last ones.
SELECT userid, quota, is_ranked, line, kept, recent, latest, earlier, as_of
  FROM (SELECT chosen.*, LOWER(shown) AS name, FIELD(line, 'status') AS status,
               CASE CAST(:sort AS TEXT)
                    WHEN 'name' THEN LOWER(shown)
                    WHEN 'quota' THEN quota
                    ELSE ''
                END AS words,
               CASE CAST(:sort AS TEXT)
                    WHEN 'sure' THEN CAST(FIELD(line, 'counted') AS DOUBLE PRECISION)
                                     + CAST(FIELD(line, 'pending') AS DOUBLE PRECISION)
                                     - CAST(FIELD(line, 'open') AS DOUBLE PRECISION)
                    WHEN 'status' THEN CASE FIELD(line, 'status')
                                            WHEN 'behind' THEN 0
                                            WHEN 'missed' THEN 1
                                            WHEN 'on_track' THEN 2
                                            WHEN 'covered' THEN 3
                                            WHEN 'met' THEN 4
                                            ELSE 5
                                        END
                    WHEN 'name' THEN 0
                    WHEN 'quota' THEN 0
                    ELSE CAST(FIELD(line, :sort) AS DOUBLE PRECISION)
                END AS figure
          FROM (SELECT figures.*, COALESCE(NULLIF(members.name, ''), figures.userid) AS shown
                  FROM LISTED(:userids) AS asked
                 CROSS JOIN figures
                  LEFT JOIN members ON members.userid = figures.userid
                 WHERE figures.userid = asked.value
                   AND figures.as_of >= :since) AS chosen) AS listed
 WHERE (CAST(:quota AS TEXT) = '' OR quota = :quota)
   AND (CAST(:status AS TEXT) = '' OR status = :status)
   AND (CAST(:part AS TEXT) = '' OR HOLDS(name, :part) OR HOLDS(userid, :part))
 ORDER BY CASE WHEN CAST(:descending AS BIGINT) = 0 THEN words END,
          CASE WHEN CAST(:descending AS BIGINT) = 1 THEN words END DESC,
          CASE WHEN figure IS NULL THEN 1 ELSE 0 END,
          CASE WHEN CAST(:descending AS BIGINT) = 0 THEN figure ELSE -figure END,
          userid, quota
 LIMIT :most OFFSET :skipped;

-- name: figures_count(userids, since, quota, status, part)^
-- How many those are, and of how many people.
SELECT COUNT(*) AS figures, COUNT(DISTINCT userid) AS people
  FROM (SELECT figures.userid, figures.quota, FIELD(line, 'status') AS status,
               LOWER(COALESCE(NULLIF(members.name, ''), figures.userid)) AS name
          FROM LISTED(:userids) AS asked
         CROSS JOIN figures
          LEFT JOIN members ON members.userid = figures.userid
         WHERE figures.userid = asked.value
           AND figures.as_of >= :since) AS listed
 WHERE (CAST(:quota AS TEXT) = '' OR quota = :quota)
   AND (CAST(:status AS TEXT) = '' OR status = :status)
   AND (CAST(:part AS TEXT) = '' OR HOLDS(name, :part) OR HOLDS(userid, :part));
