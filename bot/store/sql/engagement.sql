-- name: engagement_begin(last_day, began_at)!
INSERT INTO engagement_runs (last_day, began_at)
VALUES (:last_day, :began_at);

-- name: engagement_abandon()!
-- Whatever was unfinished is not gone on with.
UPDATE engagement_runs
   SET state = 'abandoned'
 WHERE state = 'reading';

-- name: engagement_unfinished()^
SELECT number, last_day, began_at, state, ended_at, error
  FROM engagement_runs
 WHERE state = 'reading'
 ORDER BY number DESC
 LIMIT 1;

-- name: engagement_last()^
SELECT number, last_day, began_at, state, ended_at, error
  FROM engagement_runs
 WHERE state = 'done'
 ORDER BY number DESC
 LIMIT 1;

-- name: engagement_note(number, error)!
-- Why it does not go on now.
UPDATE engagement_runs
   SET error = :error
 WHERE number = :number;

-- name: engagement_end(number, ended_at)!
UPDATE engagement_runs
   SET state = 'done',
       ended_at = :ended_at,
       error = ''
 WHERE number = :number
   AND state = 'reading';

-- name: engagement_members_clear()!
DELETE FROM engagement_members;

-- name: engagement_members_put(userid)*!
INSERT INTO engagement_members (userid)
VALUES (:userid);

-- name: engagement_members_state(userid, state, error)!
UPDATE engagement_members
   SET state = :state,
       error = :error
 WHERE userid = :userid;

-- name: engagement_members_count()
SELECT state, COUNT(*) AS members
  FROM engagement_members
 GROUP BY state;

-- name: engagement_members_in(state)
SELECT userid, error
  FROM engagement_members
 WHERE state = :state
 ORDER BY userid;

-- name: engagement_put(userid, day, chats, messages, reply_rate, first_reply_s, losses, applied, added, is_final, read_at)*!
-- One day of one member; the newest reading wins until a day is final.
INSERT INTO engagement (userid, day, chats, messages, reply_rate, first_reply_s, losses, applied, added,
                        is_final, read_at)
VALUES (:userid, :day, :chats, :messages, :reply_rate, :first_reply_s, :losses, :applied, :added,
        :is_final, :read_at)
ON CONFLICT (userid, day) DO UPDATE
   SET chats = excluded.chats,
       messages = excluded.messages,
       reply_rate = excluded.reply_rate,
       first_reply_s = excluded.first_reply_s,
       losses = excluded.losses,
       applied = excluded.applied,
       added = excluded.added,
       is_final = excluded.is_final,
       read_at = excluded.read_at
 WHERE engagement.is_final = 0;

-- name: engagement_newest_final(userid)^
SELECT MAX(day) AS day
  FROM engagement
 WHERE userid = :userid
   AND is_final = 1;

-- name: engagement_of_day(day)
SELECT userid, day, chats, messages, reply_rate, first_reply_s, losses, applied, added, is_final, read_at
  FROM engagement
 WHERE day = :day
 ORDER BY userid;

-- name: engagement_of_day_some(day, userids)
-- The same of these members (a list).
SELECT engagement.userid, day, chats, messages, reply_rate, first_reply_s, losses, applied, added, is_final, read_at
  FROM LISTED(:userids) AS asked
 CROSS JOIN engagement
 WHERE engagement.userid = asked.value
   AND engagement.day = :day;

-- name: engagement_after(userid, day, batch)
-- Some rows in the order of their key.
SELECT userid, day, chats, messages, reply_rate, first_reply_s, losses, applied, added, is_final, read_at
  FROM engagement
 WHERE (userid, day) > (:userid, :day)
 ORDER BY userid, day
 LIMIT :batch;

-- name: engagement_of_whom(since)
-- Of whom anything was read since a time.
SELECT DISTINCT userid
  FROM engagement
 WHERE read_at >= :since
 ORDER BY userid;

-- name: engagement_counted(first_userid, last_userid, since)
-- What WeCom counted of some members, in readings since a time.
SELECT userid, day, losses, added
  FROM engagement
 WHERE userid >= :first_userid
   AND userid <= :last_userid
   AND read_at >= :since
 ORDER BY userid, day;

-- name: engagement_known(first_userid, last_userid, since)
-- What the ledger knows of some members by day of China (number of days since 1970), as WeCom would count it.
SELECT userid, (at + 28800) / 86400 AS day_number, kind, COUNT(*) AS counted
  FROM relation_events
 WHERE userid >= :first_userid
   AND userid <= :last_userid
   AND at >= :since
   AND kind IN ('added', 'lost_by_customer')
 GROUP BY userid, (at + 28800) / 86400, kind;

-- name: engagement_team_put(department, day, method, people, reply_rate, first_reply_s, run, read_at)!
INSERT INTO engagement_teams (department, day, method, people, reply_rate, first_reply_s, run, read_at)
VALUES (:department, :day, :method, :people, :reply_rate, :first_reply_s, :run, :read_at)
ON CONFLICT (department, day) DO UPDATE
   SET method = excluded.method,
       people = excluded.people,
       reply_rate = excluded.reply_rate,
       first_reply_s = excluded.first_reply_s,
       run = excluded.run,
       read_at = excluded.read_at;

-- name: engagement_teams_of(day)
SELECT department, method, people, reply_rate, first_reply_s
  FROM engagement_teams
 WHERE day = :day
 ORDER BY department;

-- name: engagement_teams_read(run)
-- Departments that a reading is done with.
SELECT department
  FROM engagement_teams
 WHERE run = :run
 ORDER BY department;

-- name: engagement_of(userid, first)
-- One member's days, the newest first.
SELECT userid, day, chats, messages, reply_rate, first_reply_s, losses, applied, added
  FROM engagement
 WHERE userid = :userid
   AND day >= :first
 ORDER BY day DESC;
