-- name: mute_put(userid, until, since, way)!
-- The newest wish holds.
INSERT INTO mutes (userid, until, since, way)
VALUES (:userid, :until, :since, :way)
ON CONFLICT (userid) DO UPDATE
   SET until = excluded.until,
       since = excluded.since,
       way = excluded.way;

-- name: mute_clear(userid)!
DELETE FROM mutes
 WHERE userid = :userid;

-- name: mutes_all()
SELECT userid, until, since, way
  FROM mutes
 ORDER BY userid;

-- name: mute_of(userid)^
SELECT userid, until, since, way
  FROM mutes
 WHERE userid = :userid;

-- name: leave_said_add(userid, first_day, last_day, said_at)!
INSERT INTO leaves_said (userid, first_day, last_day, said_at)
VALUES (:userid, :first_day, :last_day, :said_at)
ON CONFLICT (userid, first_day, last_day) DO NOTHING;

-- name: leave_said_cut(userid, day)!
-- Back at work: what has begun ends with the day before, unless it was over then. Of several that began on one
-- day the shortest does: the others would say the same.
UPDATE leaves_said
   SET last_day = :day
 WHERE userid = :userid
   AND first_day <= :day
   AND last_day > :day
   AND NOT EXISTS (SELECT 1
                     FROM leaves_said AS other
                    WHERE other.userid = leaves_said.userid
                      AND other.first_day = leaves_said.first_day
                      AND other.last_day >= :day
                      AND other.last_day < leaves_said.last_day);

-- name: leave_said_drop(userid, day)!
-- Leave after the day.
DELETE FROM leaves_said
 WHERE userid = :userid
   AND last_day > :day;

-- name: leaves_said_all()
SELECT userid, first_day, last_day, said_at
  FROM leaves_said
 ORDER BY userid, first_day, last_day;

-- name: leaves_said_of(userid)
SELECT userid, first_day, last_day, said_at
  FROM leaves_said
 WHERE userid = :userid
 ORDER BY first_day, last_day;

-- name: help_wish_add(userid, day, wished_at)!
-- Once a day; 0 when it was wished before.
INSERT INTO help_wishes (userid, day, wished_at)
VALUES (:userid, :day, :wished_at)
ON CONFLICT (userid, day) DO NOTHING;

-- name: help_wishes_of(userids, day)
-- The same of these people (a list).
SELECT help_wishes.userid, help_wishes.day
  FROM LISTED(:userids) AS asked
 CROSS JOIN help_wishes
 WHERE help_wishes.userid = asked.value
   AND help_wishes.day >= :day
 ORDER BY help_wishes.day, help_wishes.userid;

-- name: list_shown_cut(userid, last)!
-- Forget what an earlier list had after the last number of this one.
DELETE FROM lists_shown
 WHERE userid = :userid
   AND number > :last;

-- name: list_shown_put(userid, number, external_userid, shown_at)*!
INSERT INTO lists_shown (userid, number, external_userid, shown_at)
VALUES (:userid, :number, :external_userid, :shown_at)
ON CONFLICT (userid, number) DO UPDATE
   SET external_userid = excluded.external_userid,
       shown_at = excluded.shown_at;

-- name: list_shown(userid)
SELECT number, external_userid
  FROM lists_shown
 WHERE userid = :userid
 ORDER BY number;
