-- name: lease_take(name, holder, until, now)!
-- Take, keep or take over a lease; 0 while another holds it.
INSERT INTO leases (name, holder, until)
VALUES (:name, :holder, :until)
ON CONFLICT (name) DO UPDATE
   SET holder = excluded.holder,
       until = excluded.until
 WHERE leases.holder = excluded.holder
    OR leases.until <= :now;

-- name: lease_free(name, holder)!
DELETE FROM leases
 WHERE name = :name
   AND holder = :holder;

-- name: lease_get(name, now)^
-- Who holds it now, and how long still.
SELECT holder, until - :now AS until_s
  FROM leases
 WHERE name = :name
   AND until > :now;

-- name: token_get(name)^
SELECT token, expires_at, error, errcode, blocked_until
  FROM tokens
 WHERE name = :name;

-- name: token_put(name, token, expires_at)!
INSERT INTO tokens (name, token, expires_at)
VALUES (:name, :token, :expires_at)
ON CONFLICT (name) DO UPDATE
   SET token = excluded.token,
       expires_at = excluded.expires_at,
       error = '',
       errcode = 0,
       blocked_until = 0;

-- name: token_block(name, error, errcode, blocked_until)!
-- WeCom refused: nobody asks again before that time.
INSERT INTO tokens (name, error, errcode, blocked_until)
VALUES (:name, :error, :errcode, :blocked_until)
ON CONFLICT (name) DO UPDATE
   SET error = excluded.error,
       errcode = excluded.errcode,
       blocked_until = excluded.blocked_until;

-- name: token_void(name, token)!
-- This token is no longer good; a newer one stays.
UPDATE tokens
   SET token = '',
       expires_at = 0
 WHERE name = :name
   AND token = :token;

-- name: token_forget(name)!
DELETE FROM tokens
 WHERE name = :name;

-- name: mark_get(name)^
SELECT value
  FROM marks
 WHERE name = :name;

-- name: mark_put(name, value)!
INSERT INTO marks (name, value)
VALUES (:name, :value)
ON CONFLICT (name) DO UPDATE
   SET value = excluded.value;

-- name: mark_first(name, value)!
-- Set once; a later call changes nothing.
INSERT INTO marks (name, value)
VALUES (:name, :value)
ON CONFLICT (name) DO NOTHING;

-- name: mark_clear(name)!
DELETE FROM marks
 WHERE name = :name;

-- name: marks_starting(start, length)
-- The marks whose names begin so.
SELECT name, value
  FROM marks
 WHERE SUBSTR(name, 1, :length) = :start
 ORDER BY name;

-- name: outage_add(began_at, ended_at, reason, holder)!
-- For so long events may have been lost: what WeCom's lists say must be compared.
INSERT INTO outages (began_at, ended_at, reason, holder)
VALUES (:began_at, :ended_at, :reason, :holder)
ON CONFLICT (began_at, reason, holder) DO UPDATE
   SET ended_at = excluded.ended_at;

-- name: outages_since(since)
SELECT began_at, ended_at, reason, holder
  FROM outages
 WHERE ended_at >= :since
 ORDER BY began_at, reason, holder;

-- name: outage_last(reason)^
-- The newest of one reason.
SELECT began_at, ended_at, reason, holder
  FROM outages
 WHERE reason = :reason
 ORDER BY began_at DESC
 LIMIT 1;

-- name: outage_drop(began_at, reason)!
-- It was none.
DELETE FROM outages
 WHERE began_at = :began_at
   AND reason = :reason;
