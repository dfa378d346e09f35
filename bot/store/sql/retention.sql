-- name: purge_sync_drift(before)!
-- Lines of comparisons that ended long ago; those of the newest one are still asked for.
DELETE FROM sync_drift
 WHERE run IN (SELECT number
                 FROM sync_runs
                WHERE ended_at < :before)
   AND run <> (SELECT COALESCE(MAX(number), 0)
                 FROM sync_runs
                WHERE state = 'done');

-- name: purge_dead_events(before)!
-- Nobody decided about them in all that time.
UPDATE inbox
   SET state = 'dropped'
 WHERE state = 'dead'
   AND received_at < :before;
