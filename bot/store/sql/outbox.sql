-- name: outbox_add(key, job, to_userid, lane, msgtype, content, created_at, not_before, expires_at, time_shift, forms, task_id, private, state, ref)!
-- A message to be sent, or to wait, once per key; 0 when the key is there, or was.
INSERT INTO outbox (key, job, to_userid, lane, msgtype, content, created_at, not_before, expires_at,
                    time_shift, forms, task_id, private, state, ref)
SELECT :key, :job, :to_userid, :lane, :msgtype, :content, :created_at, :not_before, :expires_at,
       :time_shift, :forms, :task_id, :private, :state, :ref
 WHERE NOT EXISTS (SELECT 1
                     FROM outbox_keys
                    WHERE outbox_keys.key = CAST(:key AS TEXT))
ON CONFLICT (key) DO NOTHING;

-- name: outbox_due(lane, after, real_now, clock_now, batch)
-- Messages of a lane after a number whose turn has come, in the order of planning; none is to be tried again. A
-- shifted row lives by real time plus its shift.
SELECT seq, key, lane, to_userid, msgtype, content, attempts, request, unsure_since, forms, ref
  FROM outbox
 WHERE state = 'pending'
   AND next_try_at = 0
   AND lane = :lane
   AND seq > :after
   AND not_before <= COALESCE(:real_now + time_shift, :clock_now)
 ORDER BY seq
 LIMIT :batch;

-- name: outbox_due_again(real_now, clock_now, batch)
-- Messages that are to be tried again now, due longest first.
SELECT seq, key, lane, to_userid, msgtype, content, attempts, request, unsure_since, forms, ref
  FROM outbox
 WHERE state = 'pending'
   AND next_try_at > 0
   AND next_try_at <= :real_now
   AND not_before <= COALESCE(:real_now + time_shift, :clock_now)
 ORDER BY next_try_at, seq
 LIMIT :batch;

-- name: outbox_first_open(lane, after)^
-- The first message of a lane after a number that waits and is not to be tried again.
SELECT seq
  FROM outbox
 WHERE state = 'pending'
   AND next_try_at = 0
   AND lane = :lane
   AND seq > :after
 ORDER BY seq
 LIMIT 1;

-- name: outbox_newest()^
SELECT MAX(seq) AS seq
  FROM outbox;

-- name: outbox_unasked_due(after, real_now, clock_now, batch)
-- What nobody asked for and nobody tried yet, whose turn has come: the next ones, and those put off.
SELECT seq, key, job, to_userid, content, forms, not_before, time_shift
  FROM (SELECT *
          FROM outbox
         WHERE state = 'pending'
           AND next_try_at = 0
           AND lane = 1
           AND seq > :after
           AND request IS NULL
           AND not_before <= COALESCE(:real_now + time_shift, :clock_now)
           AND expires_at > COALESCE(:real_now + time_shift, :clock_now)
         ORDER BY seq
         LIMIT :batch) AS fresh
 UNION ALL
SELECT seq, key, job, to_userid, content, forms, not_before, time_shift
  FROM outbox
 WHERE state = 'pending'
   AND next_try_at > 0
   AND next_try_at <= :real_now
   AND lane = 1
   AND request IS NULL
   AND not_before <= COALESCE(:real_now + time_shift, :clock_now)
   AND expires_at > COALESCE(:real_now + time_shift, :clock_now)
 ORDER BY seq;

-- name: outbox_wait(seq, content, expires_at)!
-- A message that was never tried waits until another one carries it, as plain text.
UPDATE outbox
   SET state = 'waiting',
       msgtype = 'text',
       content = :content,
       forms = '',
       expires_at = :expires_at
 WHERE seq = :seq
   AND state = 'pending'
   AND request IS NULL;

-- name: outbox_untried(first_job, last_job)
-- Messages never tried of the jobs between, the last one left out, in the order of planning.
SELECT seq, key, job, to_userid, not_before, time_shift, content, forms
  FROM outbox
 WHERE job >= :first_job
   AND job < :last_job
   AND state = 'pending'
   AND request IS NULL
 ORDER BY seq;

-- name: outbox_waiting(to_userid, now)
-- What waits for a person, also what a message carried that was then dropped. Oldest first.
SELECT seq, job, content
  FROM outbox AS waiting
 WHERE to_userid = :to_userid
   AND state IN ('waiting', 'carried')
   AND expires_at > :now
   AND (state = 'waiting' OR EXISTS (SELECT 1
                                       FROM outbox AS carrier
                                      WHERE carrier.key = waiting.receipt
                                        AND carrier.state IN ('dropped', 'expired')))
 ORDER BY seq;

-- name: outbox_waiting_for(now)
-- People for whom something may wait.
SELECT DISTINCT to_userid
  FROM outbox
 WHERE state IN ('waiting', 'carried')
   AND expires_at > :now
 ORDER BY to_userid;

-- name: outbox_carried(seq, carrier, now)!
-- Another message carries this one.
UPDATE outbox
   SET state = 'carried',
       receipt = :carrier,
       finished_at = :now
 WHERE seq = :seq
   AND state IN ('waiting', 'carried');

-- name: outbox_expire_waiting(clock_now, real_now)!
-- What waited too long is dropped, and counted as what lost its point.
UPDATE outbox
   SET state = 'expired',
       finished_at = :real_now
 WHERE state IN ('waiting', 'carried')
   AND state = 'waiting'
   AND expires_at <= :clock_now;

-- name: outbox_withdraw(seq, error, now)!
-- It does not go at all, and was never tried. What only its receiver may read is forgotten.
UPDATE outbox
   SET state = 'dropped',
       forms = CASE WHEN private = 1 THEN '' ELSE forms END,
       error = :error,
       finished_at = :now
 WHERE seq = :seq
   AND state = 'pending'
   AND request IS NULL;

-- name: outbox_expired_since(since)^
-- How many messages lost their point.
SELECT COUNT(*) AS number
  FROM outbox
 WHERE state = 'expired'
   AND finished_at >= :since;

-- name: outbox_expire(real_now, clock_now)!
-- What lost its point is dropped; one that WeCom may have taken becomes unknown instead. What only its receiver
-- may read is forgotten; a card without its forms can only go on as text.
UPDATE outbox
   SET state = CASE WHEN unsure_since IS NULL THEN 'expired' ELSE 'unknown' END,
       forms = CASE WHEN private = 1 THEN '' ELSE forms END,
       request = CASE WHEN private = 1 THEN NULL ELSE request END,
       msgtype = CASE WHEN private = 1 AND msgtype = 'template_card' THEN 'text' ELSE msgtype END,
       finished_at = :real_now
 WHERE state = 'pending'
   AND expires_at <= COALESCE(:real_now + time_shift, :clock_now);

-- name: outbox_begin(seq, request, request_hash, now)!
-- Before a try: the exact request (kept if there is one) and that its outcome is open.
UPDATE outbox
   SET request = COALESCE(request, :request),
       request_hash = COALESCE(request_hash, :request_hash),
       unsure_since = COALESCE(unsure_since, :now),
       tried_at = :now,
       attempts = attempts + 1
 WHERE seq = :seq
   AND state = 'pending';

-- name: outbox_request_taken(request_hash, seq)^
-- Does another row make the same request?
SELECT COUNT(*) AS taken
  FROM outbox
 WHERE request_hash = :request_hash
   AND seq <> :seq;

-- name: outbox_finish(seq, state, now, receipt, error)!
-- The outcome is known and final. What only its receiver may read is forgotten, as in outbox_expire.
UPDATE outbox
   SET state = :state,
       forms = CASE WHEN private = 1 THEN '' ELSE forms END,
       request = CASE WHEN private = 1 THEN NULL ELSE request END,
       msgtype = CASE WHEN private = 1 AND msgtype = 'template_card' THEN 'text' ELSE msgtype END,
       finished_at = :now,
       unsure_since = CASE WHEN :state = 'unknown' THEN unsure_since ELSE NULL END,
       receipt = :receipt,
       error = :error
 WHERE seq = :seq
   AND state = 'pending';

-- name: outbox_job(seq)^
SELECT job
  FROM outbox
 WHERE seq = :seq;

-- name: outbox_retry(seq, next_try_at, unsure_since, error, spent)!
-- Not sent, or nobody knows: another try later. A try that cost nothing is given back.
UPDATE outbox
   SET next_try_at = :next_try_at,
       unsure_since = CAST(:unsure_since AS BIGINT),
       attempts = attempts - 1 + :spent,
       error = :error
 WHERE seq = :seq
   AND state = 'pending';

-- name: outbox_fall_back(seq, msgtype, content, refused, now)!
-- WeCom surely refused this form and nothing was sent: the next one begins anew, under the same key.
UPDATE outbox
   SET msgtype = :msgtype,
       content = :content,
       refused_forms = CASE WHEN refused_forms = '' THEN '' ELSE refused_forms || ', ' END
                       || CAST(:refused AS TEXT),
       request = NULL,
       request_hash = NULL,
       unsure_since = NULL,
       attempts = 0,
       next_try_at = 1,
       tried_at = :now
 WHERE seq = :seq
   AND state = 'pending';

-- name: outbox_postpone(seq, next_try_at)!
-- Pacing asks this one to wait; nothing else changes.
UPDATE outbox
   SET next_try_at = :next_try_at
 WHERE seq = :seq
   AND state = 'pending';

-- name: outbox_tries_since(since)
-- What counts for pacing after a takeover.
SELECT to_userid, tried_at
  FROM outbox
 WHERE tried_at > :since
 ORDER BY tried_at;

-- name: outbox_depth()^
-- What waits, what failed or stayed unknown, since when the oldest waits.
SELECT waiting.pending,
       (SELECT COUNT(*) FROM outbox WHERE state IN ('failed', 'unknown')) AS dead,
       waiting.oldest
  FROM (SELECT COUNT(*) AS pending, MIN(created_at) AS oldest
          FROM outbox
         WHERE state = 'pending'
           AND (next_try_at > 0
                OR seq > (SELECT COALESCE(MIN(CAST(value AS BIGINT)), 0)
                            FROM marks
                           WHERE name IN ('floor_outbox_0', 'floor_outbox_1')))) AS waiting;

-- name: outbox_dead()
-- The dead letters among the messages.
SELECT seq, key, job, to_userid, state, attempts, error, receipt, created_at
  FROM outbox
 WHERE state IN ('failed', 'unknown')
 ORDER BY seq;

-- name: outbox_unreached_since(since)
-- Whom a message did not reach, and why, in the words of the last try and in WeCom's answer.
SELECT to_userid, state, error, receipt
  FROM outbox
 WHERE state IN ('failed', 'unknown')
   AND finished_at >= :since
 ORDER BY seq;

-- name: outbox_show(key)^
SELECT seq, key, job, to_userid, state, attempts, error, receipt, created_at, content, msgtype, not_before,
       refused_forms
  FROM outbox
 WHERE key = :key;

-- name: outbox_known(key)^
-- A message of this key, whether or not it is still there.
SELECT 1 AS found
  FROM outbox
 WHERE key = :key
 UNION ALL
SELECT 1
  FROM outbox_keys
 WHERE key = :key;

-- name: outbox_told(keys)
-- Whom the messages with these keys (a list) may have reached.
SELECT outbox.to_userid
  FROM LISTED(:keys) AS asked
 CROSS JOIN outbox
 WHERE outbox.key = asked.value
   AND outbox.state IN ('pending', 'sent', 'unknown');

-- name: outbox_by_task(task_id)^
-- The message whose card has this task; keys are unique, and so are their tasks.
SELECT key, job, to_userid, forms
  FROM outbox
 WHERE task_id = :task_id;

-- name: outbox_revive(key, now)!
-- A person asks for another round of tries of a dead letter. If it has simpler forms and may have arrived, its
-- outcome stays open, from now on: in a simpler form it would come twice.
UPDATE outbox
   SET state = 'pending',
       attempts = 0,
       next_try_at = 1,
       unsure_since = CASE WHEN state = 'unknown' AND forms <> '' THEN CAST(:now AS BIGINT) END,
       finished_at = NULL
 WHERE key = :key
   AND state IN ('failed', 'unknown');

-- name: outbox_drop(key)!
UPDATE outbox
   SET state = 'dropped'
 WHERE key = :key
   AND state IN ('failed', 'unknown');

-- name: outbox_window(after, batch)
-- The next rows, in the order of planning.
SELECT seq, created_at, finished_at, state
  FROM outbox
 WHERE seq > :after
 ORDER BY seq
 LIMIT :batch;

-- name: outbox_keep_keys(seqs)!
-- What names these messages (a list) outlives them.
INSERT INTO outbox_keys (key)
SELECT outbox.key
  FROM LISTED(:seqs) AS listed
 CROSS JOIN outbox
 WHERE outbox.seq = CAST(listed.value AS BIGINT)
ON CONFLICT (key) DO NOTHING;

-- name: outbox_delete(seqs)!
DELETE FROM outbox
 WHERE seq IN (SELECT CAST(listed.value AS BIGINT)
                 FROM LISTED(:seqs) AS listed);
