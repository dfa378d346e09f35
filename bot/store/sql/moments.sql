-- name: moments_outages(latest, now)!
-- Outages that have not begun yet.
DELETE FROM outages
 WHERE began_at > :latest
   AND :now >= 0;

-- name: moments_grants(latest, now)!
-- Reading calls that were granted in time to come.
DELETE FROM read_grants
 WHERE slot > :latest
   AND :now >= 0;

-- name: moments_shift(latest, now)!
-- Messages that were stored in time to come live as long, from now on.
UPDATE outbox
   SET not_before = not_before - (created_at - :now),
       expires_at = expires_at - (created_at - :now),
       created_at = :now
 WHERE created_at > :latest;

-- name: moments_latest()^
-- The latest real time at which anything was stored or tried.
SELECT MAX(moment) AS latest
  FROM (SELECT MAX(received_at) AS moment FROM inbox
        UNION ALL
        SELECT MAX(created_at) FROM outbox
        UNION ALL
        SELECT MAX(tried_at) FROM outbox) AS moments;

-- name: moments_newest(latest)^
-- A moment ahead among the newest events and messages, messages that wait, and tries.
SELECT MAX(moment) AS moment
  FROM (SELECT received_at AS moment
          FROM (SELECT received_at FROM inbox ORDER BY seq DESC LIMIT 500) AS events
        UNION ALL
        SELECT created_at
          FROM (SELECT created_at FROM outbox ORDER BY seq DESC LIMIT 500) AS messages
        UNION ALL
        SELECT created_at
          FROM outbox
         WHERE state = 'pending'
        UNION ALL
        SELECT MAX(tried_at)
          FROM outbox
         WHERE tried_at IS NOT NULL) AS moments
 WHERE moment > :latest;

-- name: moments_runs_ahead(latest)
-- Firings after now.
SELECT job, fire_at, state
  FROM runs
 WHERE fire_at > :latest
 ORDER BY fire_at, job;

-- name: moments_run_forget(job, fire_at)!
DELETE FROM runs
 WHERE job = :job
   AND fire_at = :fire_at;

-- name: moments_messages_ahead(latest)
-- What nobody asked for, planned in time to come and never tried.
SELECT seq, job, to_userid, not_before
  FROM outbox
 WHERE state = 'pending'
   AND lane = 1
   AND request IS NULL
   AND created_at > :latest
 ORDER BY seq;

-- name: moments_message_forget(seq)!
DELETE FROM outbox
 WHERE seq = :seq
   AND state = 'pending'
   AND request IS NULL;
