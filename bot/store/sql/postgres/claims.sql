-- Claims: each takes what nobody else has in hand.

-- name: inbox_due(now, upto, batch)
-- Events whose turn has come, oldest first.
SELECT seq, hash, body, attempts
  FROM inbox
 WHERE state = 'pending'
   AND next_try_at <= :now
   AND seq <= :upto
 ORDER BY seq
 LIMIT :batch
   FOR UPDATE SKIP LOCKED;

-- name: dirty_take(scope, batch)
-- Claim scopes: what comes later marks them again.
DELETE FROM dirty
 WHERE scope = :scope
   AND key IN (SELECT key FROM dirty WHERE scope = :scope ORDER BY key LIMIT :batch
                  FOR UPDATE SKIP LOCKED)
RETURNING key;

-- name: words_claim(claim, now, until, batch)
-- Words that nobody has in hand, oldest first: from now on they are this claim's.
UPDATE words
   SET claimed_by = :claim,
       claimed_until = :until
 WHERE msgid IN (SELECT msgid
                   FROM words
                  WHERE state = 'open'
                    AND claimed_until <= :now
                  ORDER BY said_at, msgid
                  LIMIT :batch
                    FOR UPDATE SKIP LOCKED)
RETURNING msgid, userid, text, way, said_at;
