-- name: audit_head()^
-- The newest entry.
SELECT seq, hash
  FROM audit
 ORDER BY seq DESC
 LIMIT 1;

-- name: audit_add(seq, at, actor, act, subject, detail, previous, hash)!
-- One act; 0 when another process took the number.
INSERT INTO audit (seq, at, actor, act, subject, detail, previous, hash)
VALUES (:seq, :at, :actor, :act, :subject, :detail, :previous, :hash)
ON CONFLICT (seq) DO NOTHING;

-- name: audit_after(seq, chunk)
SELECT seq, at, actor, act, subject, detail, previous, hash
  FROM audit
 WHERE seq > :seq
 ORDER BY seq
 LIMIT :chunk;

-- name: audit_rewrite(seq, actor, subject, detail)!
-- An entry without a person's name; its own hash stays, so that the next one still follows.
UPDATE audit
   SET actor = :actor,
       subject = :subject,
       detail = :detail
 WHERE seq = :seq;

-- name: audit_redactions()
-- Entries that report rewritten ones, oldest first.
SELECT seq, detail
  FROM audit
 WHERE act IN ('erase', 'pseudonyms')
 ORDER BY seq;

-- name: audit_of_result(subject)^
-- The newest act that changed the results of a closed period.
SELECT at, actor, act, subject, detail
  FROM audit
 WHERE act IN ('close', 'sign', 'correct')
   AND subject = :subject
 ORDER BY seq DESC
 LIMIT 1;
