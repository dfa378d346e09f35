-- name: robot_off(name, configured, errcode, error, since)!
-- WeCom refuses a robot; the first refusal under a configuration stays.
INSERT INTO robots_off (name, configured, errcode, error, since)
VALUES (:name, :configured, :errcode, :error, :since)
ON CONFLICT (name) DO UPDATE
   SET configured = excluded.configured,
       errcode = excluded.errcode,
       error = excluded.error,
       since = excluded.since
 WHERE robots_off.configured <> excluded.configured;

-- name: robots_off()
-- Robots that were refused, whatever is configured now.
SELECT name, configured, errcode, error, since
  FROM robots_off
 ORDER BY name;

-- name: robot_forget(name)!
DELETE FROM robots_off
 WHERE name = :name;
