-- name: unasked_begin(userid, day)!
INSERT INTO unasked_days (userid, day, number)
VALUES (:userid, :day, 0)
ON CONFLICT (userid, day) DO NOTHING;

-- name: unasked_take(userid, day, room)!
-- One more unasked message, if so many are below the room; 0 when there is none. Who comes second sees the first.
UPDATE unasked_days
   SET number = number + 1
 WHERE userid = :userid
   AND day = :day
   AND number < :room;

-- name: unasked_give_back(userid, day)!
-- A place that was taken for nothing.
UPDATE unasked_days
   SET number = number - 1
 WHERE userid = :userid
   AND day = :day
   AND number > 0;

-- name: unasked_on(day)
SELECT userid, number
  FROM unasked_days
 WHERE day = :day
   AND number > 0
 ORDER BY userid;

-- name: unasked_of(userid, day)^
SELECT number
  FROM unasked_days
 WHERE userid = :userid
   AND day = :day;

-- name: withhold(key, job, userid, day, reason, at)!
-- A message that somebody did not get, once per key.
INSERT INTO withheld (key, job, userid, day, reason, at)
VALUES (:key, :job, :userid, :day, :reason, :at)
ON CONFLICT (key) DO NOTHING;

-- name: withheld_told(key)!
-- It went after all.
DELETE FROM withheld
 WHERE key = :key;

-- name: withheld_show(key)^
SELECT key, job, userid, day, reason, at
  FROM withheld
 WHERE key = :key;

-- name: withheld_on(day)
-- How many messages of a day were withheld, by reason.
SELECT reason, COUNT(*) AS number
  FROM withheld
 WHERE day = :day
 GROUP BY reason
 ORDER BY reason;

-- name: withheld_all()
-- How many were withheld since the beginning, by reason.
SELECT reason, COUNT(*) AS number
  FROM withheld
 GROUP BY reason
 ORDER BY reason;
