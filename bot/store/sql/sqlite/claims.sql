-- Claims: one writer at a time takes what is there.

-- name: inbox_due(now, upto, batch)
-- Events whose turn has come, oldest first.
SELECT seq, hash, body, attempts
  FROM inbox
 WHERE state = 'pending'
   AND next_try_at <= :now
   AND seq <= :upto
 ORDER BY seq
 LIMIT :batch;

-- name: dirty_take(scope, batch)
-- Claim scopes: what comes later marks them again.
DELETE FROM dirty
 WHERE scope = :scope
   AND key IN (SELECT key FROM dirty WHERE scope = :scope ORDER BY key LIMIT :batch)
RETURNING key;
