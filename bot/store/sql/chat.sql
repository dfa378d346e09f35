-- name: word_add(msgid, userid, text, way, said_at, ref)!
-- What somebody said, once per message; 0 when it was there.
INSERT INTO words (msgid, userid, text, way, said_at, ref)
VALUES (:msgid, :userid, :text, :way, :said_at, :ref)
ON CONFLICT (msgid) DO NOTHING;

-- name: words_open(after, batch)
-- Words after a number without an answer, in the order in which they were said.
SELECT msgid, userid, text, way, said_at, ref
  FROM words
 WHERE state = 'open'
   AND seq > :after
 ORDER BY said_at, msgid
 LIMIT :batch;

-- name: words_first_open(after)^
SELECT seq
  FROM words
 WHERE state = 'open'
   AND seq > :after
 ORDER BY seq
 LIMIT 1;

-- name: words_newest()^
SELECT MAX(seq) AS seq
  FROM words;

-- name: words_free(after, now)^
-- Whether there is a word after a number that nobody has in hand.
SELECT 1 AS found
  FROM words
 WHERE state = 'open'
   AND seq > :after
   AND claimed_until <= :now
 LIMIT 1;

-- name: words_hold(claim, after, until)!
-- Longer: what is not answered yet, and nobody took over.
UPDATE words
   SET claimed_until = :until
 WHERE state = 'open'
   AND seq > :after
   AND claimed_by = :claim;

-- name: words_held(claim, after)
SELECT msgid
  FROM words
 WHERE state = 'open'
   AND seq > :after
   AND claimed_by = :claim;

-- name: words_give_back(claim, after)!
-- For others to take at once.
UPDATE words
   SET claimed_by = '',
       claimed_until = 0
 WHERE state = 'open'
   AND seq > :after
   AND claimed_by = :claim;

-- name: word_done(msgid, claim)!
-- Answered: what was said is not needed any more. 0 when it is somebody else's to answer, or was answered.
UPDATE words
   SET state = 'done',
       text = ''
 WHERE msgid = :msgid
   AND claimed_by = :claim
   AND state = 'open';

-- name: attachment_put(id, filename, body, made_at)!
INSERT INTO attachments (id, filename, body, made_at)
VALUES (:id, :filename, :body, :made_at)
ON CONFLICT (id) DO NOTHING;

-- name: attachment_get(id)^
SELECT filename, body
  FROM attachments
 WHERE id = :id;

-- name: attachment_drop(id)!
DELETE FROM attachments
 WHERE id = :id;

-- name: attachments_drop_before(made_at)!
-- What was never sent.
DELETE FROM attachments
 WHERE made_at < :made_at;

-- name: export_add(id, userid, by_userid, at)*!
-- Who stands on an export.
INSERT INTO exports (id, userid, by_userid, at)
VALUES (:id, :userid, :by_userid, :at)
ON CONFLICT (id, userid) DO NOTHING;

-- name: exports_of(userid, since)
SELECT id, by_userid, at
  FROM exports
 WHERE userid = :userid
   AND at >= :since
 ORDER BY at, id;
