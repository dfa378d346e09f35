-- name: runs_claim(job, fire_at, holder, now, lease_until)!
-- One firing belongs to one process: new, or waiting, or abandoned by another whose lease is over.
INSERT INTO runs (job, fire_at, state, holder, lease_until, attempts)
VALUES (:job, :fire_at, 'running', :holder, :lease_until, 1)
ON CONFLICT (job, fire_at) DO UPDATE
   SET holder = excluded.holder,
       lease_until = excluded.lease_until,
       attempts = runs.attempts + 1,
       state = 'running'
 WHERE runs.state IN ('running', 'waiting')
   AND runs.lease_until <= :now;

-- name: runs_get(job, fire_at)^
SELECT job, fire_at, state, holder, attempts, planned_at, cursor, messages, error
  FROM runs
 WHERE job = :job
   AND fire_at = :fire_at;

-- name: runs_advance(job, fire_at, holder, lease_until, planned_at, cursor, messages)!
-- A chunk is planned; 0 when the run was taken over meanwhile.
UPDATE runs
   SET lease_until = :lease_until,
       planned_at = :planned_at,
       cursor = :cursor,
       messages = messages + :messages
 WHERE job = :job
   AND fire_at = :fire_at
   AND holder = :holder
   AND state = 'running';

-- name: runs_renew(job, fire_at, holder, lease_until)!
-- The planner lives; 0 when the run was taken over meanwhile.
UPDATE runs
   SET lease_until = :lease_until
 WHERE job = :job
   AND fire_at = :fire_at
   AND holder = :holder
   AND state = 'running';

-- name: runs_end(job, fire_at, holder, state, error)!
UPDATE runs
   SET state = :state,
       error = :error
 WHERE job = :job
   AND fire_at = :fire_at
   AND holder = :holder
   AND state = 'running';

-- name: runs_put_up(job, fire_at)!
-- A firing for whoever comes first; one that is there stays as it is.
INSERT INTO runs (job, fire_at, state)
VALUES (:job, :fire_at, 'waiting')
ON CONFLICT (job, fire_at) DO NOTHING;

-- name: runs_put_back(job, fire_at, holder, until, error)!
-- Not now, and this was no try: whoever comes first at *until* goes on.
UPDATE runs
   SET state = 'waiting',
       lease_until = :until,
       attempts = attempts - 1,
       error = :error
 WHERE job = :job
   AND fire_at = :fire_at
   AND holder = :holder
   AND state = 'running';

-- name: runs_miss(job, fire_at, now)!
-- A firing that was not run, or was abandoned and is too late now.
INSERT INTO runs (job, fire_at, state)
VALUES (:job, :fire_at, 'missed')
ON CONFLICT (job, fire_at) DO UPDATE
   SET state = 'missed'
 WHERE runs.state IN ('running', 'waiting')
   AND runs.lease_until <= :now;

-- name: runs_last()
-- The last firing of each job.
SELECT job, fire_at, state, messages, error
  FROM runs
 WHERE fire_at = (SELECT MAX(other.fire_at) FROM runs AS other WHERE other.job = runs.job)
 ORDER BY job;

-- name: runs_unfinished_since(since)
-- Firings that came to nothing.
SELECT job, fire_at, state
  FROM runs
 WHERE state IN ('failed', 'held', 'missed')
   AND fire_at >= :since
 ORDER BY fire_at, job;

-- name: runs_done_since(since)
-- Firings that came to their end.
SELECT job, fire_at
  FROM runs
 WHERE state = 'done'
   AND fire_at >= :since
 ORDER BY fire_at, job;

-- name: runs_newest(job)^
-- The last firing of one job.
SELECT job, fire_at, state
  FROM runs
 WHERE job = :job
 ORDER BY fire_at DESC
 LIMIT 1;

-- name: runs_abandoned(now)
-- Firings that somebody began and left, or put off until now.
SELECT job, fire_at
  FROM runs
 WHERE state IN ('running', 'waiting')
   AND lease_until <= :now
 ORDER BY fire_at;
