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
