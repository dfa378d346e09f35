-- name: coaching_mark(leader, userid, day, marked_at)!
-- Once a day; 0 when it was marked before.
INSERT INTO coaching (leader, userid, day, marked_at)
VALUES (:leader, :userid, :day, :marked_at)
ON CONFLICT (leader, userid, day) DO NOTHING;

-- name: coaching_pace(leader, userid, day, quota, pace)!
-- The pace at the press; the first one known stays.
UPDATE coaching
   SET quota = :quota,
       pace = :pace
 WHERE leader = :leader
   AND userid = :userid
   AND day = :day
   AND pace IS NULL;

-- name: coaching_since(day)
SELECT leader, userid, day, quota, pace
  FROM coaching
 WHERE day >= :day
 ORDER BY day, leader, userid;

-- name: coaching_of(userids, day)
-- The same about these people (a list).
SELECT leader, userid, day, quota, pace
  FROM coaching
 WHERE day >= :day
   AND userid IN (SELECT asked.value
                    FROM LISTED(:userids) AS asked)
 ORDER BY day, leader, userid;

-- name: rename_coaching(old_userid, userid)!
INSERT INTO coaching (leader, userid, day, marked_at, quota, pace)
SELECT leader, CAST(:userid AS TEXT), day, marked_at, quota, pace
  FROM coaching
 WHERE userid = :old_userid
ON CONFLICT (leader, userid, day) DO NOTHING;

-- name: rename_coaches(old_userid, userid)!
INSERT INTO coaching (leader, userid, day, marked_at, quota, pace)
SELECT CAST(:userid AS TEXT), userid, day, marked_at, quota, pace
  FROM coaching
 WHERE leader = :old_userid
ON CONFLICT (leader, userid, day) DO NOTHING;

-- name: rename_coaches_clear(old_userid)!
DELETE FROM coaching
 WHERE leader = :old_userid;
