-- name: reviews_decided()
-- Decisions about contacts, oldest first.
SELECT quota, userid, external_userid, added_at, state
  FROM reviews
 WHERE state IN ('accepted', 'rejected')
 ORDER BY decided_at, number;

-- name: reviews_decided_of(userid)
-- Decisions about one employee's contacts with their authors, oldest first.
SELECT quota, userid, external_userid, added_at, state, decided_by, decided_at, reason
  FROM reviews
 WHERE userid = :userid
   AND state IN ('accepted', 'rejected')
 ORDER BY decided_at, number;

-- name: findings_decided()
SELECT kind, userid, subject, on_day, state
  FROM findings
 WHERE state IN ('confirmed', 'cleared')
 ORDER BY kind, userid, subject;
