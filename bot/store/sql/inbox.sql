-- name: inbox_add(hash, body, received_at)*!
-- Store received events; one that is there already, or was, stays as it is.
INSERT INTO inbox (hash, body, received_at)
SELECT :hash, :body, :received_at
 WHERE NOT EXISTS (SELECT 1
                     FROM inbox_hashes
                    WHERE inbox_hashes.hash = CAST(:hash AS TEXT))
ON CONFLICT (hash) DO NOTHING;

-- name: inbox_finish(seq, state, kind)*!
-- An event is dealt with: done or ignored.
UPDATE inbox
   SET state = :state,
       kind = :kind,
       error = ''
 WHERE seq = :seq;

-- name: inbox_fail(seq, state, kind, attempts, next_try_at, error)!
-- An event failed: pending again later, or dead.
UPDATE inbox
   SET state = :state,
       kind = :kind,
       attempts = :attempts,
       next_try_at = :next_try_at,
       error = :error
 WHERE seq = :seq;

-- name: inbox_newest()^
-- The newest row at this moment; 0 in an empty inbox.
SELECT COALESCE(MAX(seq), 0) AS seq
  FROM inbox;

-- name: inbox_last_received()^
-- When the newest row of WeCom came; what `check --live` sent itself is none.
SELECT received_at
  FROM inbox
 WHERE kind <> 'event/quotabot_check'
 ORDER BY seq DESC
 LIMIT 1;

-- name: inbox_waiting(now, after, upto)^
-- Events whose turn has come, whoever has them in hand. Those never tried are after a number.
SELECT (SELECT COUNT(*)
          FROM inbox
         WHERE state = 'pending'
           AND next_try_at = 0
           AND seq > :after
           AND seq <= :upto)
       + (SELECT COUNT(*)
            FROM inbox
           WHERE state = 'pending'
             AND next_try_at > 0
             AND next_try_at <= :now
             AND seq <= :upto) AS waiting;

-- name: inbox_first_open(after)^
-- The first event after a number that nobody has tried.
SELECT seq
  FROM inbox
 WHERE state = 'pending'
   AND next_try_at = 0
   AND seq > :after
 ORDER BY seq
 LIMIT 1;

-- name: inbox_oldest_untried()^
-- Since when the oldest event waits that nobody has tried; one that failed waits for its next try.
SELECT MIN(received_at) AS oldest
  FROM inbox
 WHERE state = 'pending'
   AND attempts = 0;

-- name: inbox_depth()^
-- What waits, what was given up on, since when the oldest waits. What is below the floor is tried again or done.
SELECT (SELECT COUNT(*) FROM inbox WHERE state = 'pending' AND next_try_at > 0) + fresh.pending AS pending,
       (SELECT COUNT(*) FROM inbox WHERE state = 'dead') AS dead,
       CASE WHEN fresh.oldest < again.oldest THEN fresh.oldest ELSE COALESCE(again.oldest, fresh.oldest) END AS oldest
  FROM (SELECT COUNT(*) AS pending, MIN(received_at) AS oldest
          FROM inbox
         WHERE state = 'pending'
           AND next_try_at = 0
           AND seq > COALESCE((SELECT CAST(value AS BIGINT)
                                 FROM marks
                                WHERE name = 'floor_inbox'), 0)) AS fresh
 CROSS JOIN (SELECT MIN(received_at) AS oldest
               FROM inbox
              WHERE state = 'pending'
                AND next_try_at > 0) AS again;

-- name: inbox_failing(upto)
-- Events that failed and wait for another try, or were given up on.
SELECT seq, hash, kind, state, attempts, next_try_at, error, received_at
  FROM inbox
 WHERE (state = 'dead' OR (state = 'pending' AND attempts > 0))
   AND seq <= :upto
 ORDER BY seq;

-- name: inbox_dead()
-- The dead letters among the events.
SELECT seq, hash, kind, state, attempts, error, received_at
  FROM inbox
 WHERE state = 'dead'
 ORDER BY seq;

-- name: inbox_show(seq)^
-- One event with its body.
SELECT seq, hash, kind, state, attempts, error, received_at, body
  FROM inbox
 WHERE seq = :seq;

-- name: inbox_revive(seq)!
-- A person asks for another round of tries of a dead letter: due for ages, and found among what is tried again.
UPDATE inbox
   SET state = 'pending',
       attempts = 0,
       next_try_at = 1
 WHERE seq = :seq
   AND state = 'dead';

-- name: inbox_drop(seq)!
-- A person drops a dead letter; hash and body stay as proof.
UPDATE inbox
   SET state = 'dropped'
 WHERE seq = :seq
   AND state = 'dead';

-- name: inbox_forget(hash)!
-- What was only tried is not there.
DELETE FROM inbox
 WHERE hash = :hash;

-- name: inbox_window(after, batch)
-- The next rows, in the order in which they came.
SELECT seq, received_at, state
  FROM inbox
 WHERE seq > :after
 ORDER BY seq
 LIMIT :batch;

-- name: inbox_keep_hashes(seqs)!
-- What names these events (a list) outlives them.
INSERT INTO inbox_hashes (hash)
SELECT inbox.hash
  FROM LISTED(:seqs) AS listed
 CROSS JOIN inbox
 WHERE inbox.seq = CAST(listed.value AS BIGINT)
ON CONFLICT (hash) DO NOTHING;

-- name: inbox_delete(seqs)!
DELETE FROM inbox
 WHERE seq IN (SELECT CAST(listed.value AS BIGINT)
                 FROM LISTED(:seqs) AS listed);
