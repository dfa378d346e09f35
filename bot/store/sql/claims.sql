-- Claims: each takes what nobody else has in hand.

-- name: inbox_due(after, upto, batch)
-- Events after a number that nobody has tried, oldest first.
SELECT seq, body, attempts
  FROM inbox
 WHERE state = 'pending'
   AND next_try_at = 0
   AND seq > :after
   AND seq <= :upto
 ORDER BY seq
 LIMIT :batch SKIP_LOCKED;

-- name: inbox_due_among(numbers, upto, batch)
-- The same among some numbers (a list).
SELECT inbox.seq, inbox.body, inbox.attempts
  FROM LISTED(:numbers) AS listed
 CROSS JOIN inbox
 WHERE inbox.seq = CAST(listed.value AS BIGINT)
   AND inbox.state = 'pending'
   AND inbox.next_try_at = 0
   AND inbox.seq <= :upto
 ORDER BY inbox.seq
 LIMIT :batch SKIP_LOCKED;

-- name: inbox_due_again(now, upto, batch)
-- Events that are to be tried again, due longest first.
SELECT seq, body, attempts
  FROM inbox
 WHERE state = 'pending'
   AND next_try_at > 0
   AND next_try_at <= :now
   AND seq <= :upto
 ORDER BY next_try_at, seq
 LIMIT :batch SKIP_LOCKED;

-- name: dirty_take(scope, after, batch)
-- Claim marks of a scope after a number, oldest first: what comes later marks it again. Scopes are few and joined
-- with nothing, so that the rows are looked for by their numbers.
DELETE FROM dirty
 WHERE seq IN (SELECT seq
                 FROM dirty
                WHERE scope || '' = :scope
                  AND seq > :after
                ORDER BY seq
                LIMIT :batch SKIP_LOCKED)
RETURNING seq, key;

-- name: dirty_take_among(scope, numbers, batch)
-- The same among some numbers (a list).
DELETE FROM dirty
 WHERE seq IN (SELECT dirty.seq
                 FROM LISTED(:numbers) AS listed
                CROSS JOIN dirty
                WHERE dirty.seq = CAST(listed.value AS BIGINT)
                  AND dirty.scope = :scope
                ORDER BY dirty.seq
                LIMIT :batch SKIP_LOCKED)
RETURNING seq, key;

-- name: words_claim(claim, after, now, until, batch)
-- Words after a number that nobody has in hand, oldest first: from now on they are this claim's.
UPDATE words
   SET claimed_by = :claim,
       claimed_until = :until
 WHERE seq IN (SELECT seq
                 FROM words
                WHERE state = 'open'
                  AND seq > :after
                  AND claimed_until <= :now
                ORDER BY seq
                LIMIT :batch SKIP_LOCKED)
RETURNING msgid, userid, text, way, said_at, ref;
