-- name: reviews_decided()
-- Decisions about contacts, oldest first.
SELECT quota, userid, external_userid, added_at, state
  FROM reviews
 WHERE state IN ('accepted', 'rejected')
 ORDER BY decided_at, number;

-- name: findings_decided()
SELECT kind, userid, subject, on_day, state
  FROM findings
 WHERE state IN ('confirmed', 'cleared')
 ORDER BY kind, userid, subject;
