-- name: sync_begin(began_at, accepts_losses)!
INSERT INTO sync_runs (began_at, accepts_losses, state)
VALUES (:began_at, :accepts_losses, 'listing');

-- name: sync_abandon()!
-- Whatever was unfinished is not gone on with.
UPDATE sync_runs
   SET state = 'abandoned'
 WHERE state NOT IN ('done', 'abandoned');

-- name: sync_unfinished()^
SELECT number, began_at, accepts_losses, state, cursor, calls, ended_at, error
  FROM sync_runs
 WHERE state NOT IN ('done', 'abandoned')
 ORDER BY number DESC
 LIMIT 1;

-- name: sync_last_done()^
SELECT number, began_at, accepts_losses, state, cursor, calls, ended_at, error
  FROM sync_runs
 WHERE state = 'done'
 ORDER BY number DESC
 LIMIT 1;

-- name: sync_first_done()^
-- Since when WeCom's lists are known.
SELECT MIN(began_at) AS began_at
  FROM sync_runs
 WHERE state = 'done';

-- name: sync_done_before(at)^
SELECT MAX(began_at) AS began_at
  FROM sync_runs
 WHERE state = 'done'
   AND began_at < :at;

-- name: sync_step(number, state)!
UPDATE sync_runs
   SET state = :state,
       cursor = '',
       error = ''
 WHERE number = :number
   AND state NOT IN ('done', 'abandoned');

-- name: sync_note(number, error)!
-- Why it does not go on now.
UPDATE sync_runs
   SET error = :error
 WHERE number = :number;

-- name: sync_read_on(number, cursor, calls)!
-- How far the list of the present batch is read.
UPDATE sync_runs
   SET cursor = :cursor,
       calls = calls + :calls
 WHERE number = :number;

-- name: sync_end(number, ended_at)!
UPDATE sync_runs
   SET state = 'done',
       ended_at = :ended_at,
       error = ''
 WHERE number = :number
   AND state NOT IN ('done', 'abandoned');

-- name: sync_members_clear()!
DELETE FROM sync_members;

-- name: sync_members_put(userid, batch)*!
INSERT INTO sync_members (userid, batch)
VALUES (:userid, :batch)
ON CONFLICT (userid) DO UPDATE
   SET batch = excluded.batch;

-- name: sync_batch()
-- The members of the batch that is to be read next, or further.
SELECT userid, batch
  FROM sync_members
 WHERE state = 'wanted'
   AND batch = (SELECT MIN(batch) FROM sync_members WHERE state = 'wanted')
 ORDER BY userid;

-- name: sync_last_batch()^
SELECT MAX(batch) AS batch
  FROM sync_members;

-- name: sync_members_state(userid, state, error)*!
UPDATE sync_members
   SET state = :state,
       error = :error
 WHERE userid = :userid;

-- name: sync_members_count()
SELECT state, COUNT(*) AS members
  FROM sync_members
 GROUP BY state;

-- name: sync_members_in(state, batch)
-- Some of those in a state, in their order.
SELECT userid
  FROM sync_members
 WHERE state = :state
 ORDER BY userid
 LIMIT :batch;

-- name: sync_members_unknown()
SELECT userid, error
  FROM sync_members
 WHERE state = 'unknown'
 ORDER BY userid;

-- name: sync_members_all()
SELECT userid
  FROM sync_members;

-- name: sync_judged(userid, living, losses)!
UPDATE sync_members
   SET state = 'judged',
       living = :living,
       losses = :losses
 WHERE userid = :userid;

-- name: sync_toll()
-- Whose losses wait for a decision.
SELECT userid, living, losses, is_held
  FROM sync_members
 WHERE state = 'judged'
   AND losses > 0
 ORDER BY userid;

-- name: sync_toll_of_all()^
SELECT CAST(COALESCE(SUM(living), 0) AS BIGINT) AS living, CAST(COALESCE(SUM(losses), 0) AS BIGINT) AS losses
  FROM sync_members
 WHERE state = 'judged';

-- name: sync_hold(userid)*!
UPDATE sync_members
   SET is_held = 1
 WHERE userid = :userid;

-- name: sync_listed_put(userid, external_userid, createtime, customer_type, add_way, state, oper_userid, tags, unionid, mobile_sha256)*!
-- One row of WeCom's list.
INSERT INTO sync_listed (userid, external_userid, createtime, customer_type, add_way, state, oper_userid,
                         tags, unionid, mobile_sha256)
VALUES (:userid, :external_userid, :createtime, :customer_type, :add_way, :state, :oper_userid,
        :tags, :unionid, :mobile_sha256)
ON CONFLICT (userid, external_userid) DO UPDATE
   SET createtime = excluded.createtime,
       customer_type = excluded.customer_type,
       add_way = excluded.add_way,
       state = excluded.state,
       oper_userid = excluded.oper_userid,
       tags = excluded.tags,
       unionid = excluded.unionid,
       mobile_sha256 = excluded.mobile_sha256;

-- name: sync_listed_of(userid)
SELECT external_userid, createtime, customer_type, add_way, state, oper_userid, tags, unionid, mobile_sha256
  FROM sync_listed
 WHERE userid = :userid;

-- name: sync_listed_forget(userid)*!
-- A list that is read from its beginning again, or is not known.
DELETE FROM sync_listed
 WHERE userid = :userid;

-- name: sync_listed_clear(chunk)!
-- A few at a time: whoever stores an event must not wait for long.
DELETE FROM sync_listed
 WHERE (userid, external_userid) IN (SELECT userid, external_userid
                                       FROM sync_listed
                                      ORDER BY userid, external_userid
                                      LIMIT :chunk);

-- name: sync_handed(userid, external_userid)
-- Another employee with this customer, through an admin's transfer.
SELECT createtime
  FROM sync_listed
 WHERE external_userid = :external_userid
   AND userid <> :userid
   AND add_way = 202
 ORDER BY createtime;

-- name: sync_seen_before(userid, since)
-- Customers of a member, begun since a time and not given by the bank, whom somebody had before that.
SELECT mine.external_userid
  FROM sync_listed AS mine
 WHERE mine.userid = :userid
   AND mine.createtime >= :since
   AND mine.add_way NOT IN (201, 202)
   AND (EXISTS (SELECT 1
                  FROM sync_listed AS other
                 WHERE other.external_userid = mine.external_userid
                   AND other.createtime < mine.createtime - 60)
        OR EXISTS (SELECT 1
                     FROM adds
                    WHERE adds.external_userid = mine.external_userid
                      AND adds.added_at < mine.createtime - 60));

-- name: sync_losses_of(userid)
-- Losses that are found and not written, from this run or a held one.
SELECT external_userid, at, is_gone
  FROM sync_losses
 WHERE userid = :userid;

-- name: sync_losses_clear(userid)!
DELETE FROM sync_losses
 WHERE userid = :userid;

-- name: sync_losses_put(userid, external_userid, at, is_gone)*!
INSERT INTO sync_losses (userid, external_userid, at, is_gone)
VALUES (:userid, :external_userid, :at, :is_gone);

-- name: sync_losses_free(batch)
-- Losses that may be written now.
SELECT sync_losses.userid, sync_losses.external_userid, sync_losses.at
  FROM sync_losses
  JOIN sync_members ON sync_members.userid = sync_losses.userid
 WHERE sync_members.state = 'judged'
   AND sync_members.is_held = 0
 ORDER BY sync_losses.userid, sync_losses.external_userid
 LIMIT :batch;

-- name: sync_losses_drop(userid, external_userid)*!
DELETE FROM sync_losses
 WHERE userid = :userid
   AND external_userid = :external_userid;

-- name: sync_readings_all()
-- Up to when each member's list is accounted for.
SELECT userid, read_at
  FROM sync_readings;

-- name: sync_reading(userid)^
SELECT read_at
  FROM sync_readings
 WHERE userid = :userid;

-- name: sync_readings_keep(read_at)!
-- Until when the lists of those who were judged are accounted for; of whose losses wait, they are not.
INSERT INTO sync_readings (userid, read_at)
SELECT userid, CAST(:read_at AS BIGINT)
  FROM sync_members
 WHERE state = 'judged'
   AND is_held = 0
ON CONFLICT (userid) DO UPDATE
   SET read_at = excluded.read_at;

-- name: sync_drift_put(run, cause, userid, number, text)*!
INSERT INTO sync_drift (run, cause, userid, number, text)
VALUES (:run, :cause, :userid, :number, :text)
ON CONFLICT (run, cause, userid) DO UPDATE
   SET number = excluded.number,
       text = excluded.text;

-- name: sync_drift_by_cause(run)
SELECT cause, CAST(SUM(number) AS BIGINT) AS number, COUNT(*) AS members
  FROM sync_drift
 WHERE run = :run
 GROUP BY cause
 ORDER BY cause;

-- name: sync_drift_of(run, cause)
-- Whom it concerns.
SELECT userid, number, text
  FROM sync_drift
 WHERE run = :run
   AND cause = :cause
 ORDER BY userid;
