-- name: restored_messages(now)!
-- What the backup calls unsent may have been sent since: it does not go again.
UPDATE outbox
   SET state = 'dropped',
       forms = CASE WHEN private = 1 THEN '' ELSE forms END,
       request = NULL,
       error = 'restored from a backup: it may have been sent since',
       finished_at = :now
 WHERE state IN ('pending', 'waiting');

-- name: restored_runs()!
-- Firings that were under way or waited.
UPDATE runs
   SET state = 'missed'
 WHERE state IN ('running', 'waiting');

-- name: restored_words()!
-- What people said, and was maybe answered since.
UPDATE words
   SET state = 'done',
       text = ''
 WHERE state = 'open';

-- name: restored_tokens()!
DELETE FROM tokens;

-- name: restored_leases()!
DELETE FROM leases;

-- name: restored_flights()!
DELETE FROM read_flights;
