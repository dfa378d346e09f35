-- name: welcome_claim(code_hash, happened_at, claimed_at, state)!
-- Whoever inserts it may send it; 0 when the code was claimed before.
INSERT INTO welcomes (code_hash, happened_at, claimed_at, state)
VALUES (:code_hash, :happened_at, :claimed_at, :state)
ON CONFLICT (code_hash) DO NOTHING;

-- name: welcome_finish(code_hash, state, errcode, finished_at)!
-- What became of it; once.
UPDATE welcomes
   SET state = :state,
       errcode = :errcode,
       finished_at = :finished_at
 WHERE code_hash = :code_hash
   AND state = 'claimed';

-- name: welcome_counts(since)
-- How many ended how, those refused by WeCom's code.
SELECT state, errcode, COUNT(*) AS welcomes
  FROM welcomes
 WHERE claimed_at > :since
 GROUP BY state, errcode
 ORDER BY state, errcode;

-- name: welcome_forget(before)!
-- A code lives 20 s: nobody needs an old claim.
DELETE FROM welcomes
 WHERE claimed_at < :before;
