-- name: rename_mutes(old_userid, userid)!
-- A wish for silence; of two, the one that lasts longer.
INSERT INTO mutes (userid, until, since, way)
SELECT CAST(:userid AS TEXT), until, since, way
  FROM mutes
 WHERE userid = :old_userid
ON CONFLICT (userid) DO UPDATE
   SET until = excluded.until,
       since = excluded.since,
       way = excluded.way
 WHERE excluded.until > mutes.until;

-- name: rename_leaves_said(old_userid, userid)!
INSERT INTO leaves_said (userid, first_day, last_day, said_at)
SELECT CAST(:userid AS TEXT), first_day, last_day, said_at
  FROM leaves_said
 WHERE userid = :old_userid
ON CONFLICT (userid, first_day, last_day) DO NOTHING;

-- name: rename_help_wishes(old_userid, userid)!
INSERT INTO help_wishes (userid, day, wished_at)
SELECT CAST(:userid AS TEXT), day, wished_at
  FROM help_wishes
 WHERE userid = :old_userid
ON CONFLICT (userid, day) DO NOTHING;

-- name: rename_lists_shown(old_userid, userid)!
-- The list shown last, unless one was shown under the new userid.
INSERT INTO lists_shown (userid, number, external_userid, shown_at)
SELECT CAST(:userid AS TEXT), number, external_userid, shown_at
  FROM lists_shown
 WHERE userid = :old_userid
   AND NOT EXISTS (SELECT 1
                     FROM lists_shown AS other
                    WHERE other.userid = :userid);

-- name: rename_words(old_userid, userid)!
UPDATE words
   SET userid = :userid
 WHERE userid = :old_userid;

-- name: rename_unasked_days(old_userid, userid)!
-- Messages of a day under both userids count together.
INSERT INTO unasked_days (userid, day, number)
SELECT CAST(:userid AS TEXT), day, number
  FROM unasked_days
 WHERE userid = :old_userid
ON CONFLICT (userid, day) DO UPDATE
   SET number = unasked_days.number + excluded.number;

-- name: rename_withheld(old_userid, userid)!
UPDATE withheld
   SET userid = :userid
 WHERE userid = :old_userid;

-- name: rename_exports(old_userid, userid)!
INSERT INTO exports (id, userid, by_userid, at)
SELECT id, CAST(:userid AS TEXT), by_userid, at
  FROM exports
 WHERE userid = :old_userid
ON CONFLICT (id, userid) DO NOTHING;

-- name: rename_exporters(old_userid, userid)!
UPDATE exports
   SET by_userid = :userid
 WHERE by_userid = :old_userid;

-- name: rename_logouts(old_userid, userid)!
-- Sessions under both userids are over that were over under one of them.
INSERT INTO logouts (userid, number)
SELECT CAST(:userid AS TEXT), number
  FROM logouts
 WHERE userid = :old_userid
ON CONFLICT (userid) DO UPDATE
   SET number = logouts.number + excluded.number;

-- name: rename_statements(old_userid, userid)!
-- Whose list they are in; what was signed with the code keeps the old userid.
UPDATE daily_statements
   SET userid = :userid
 WHERE userid = :old_userid;
