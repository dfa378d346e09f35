-- name: budget_lock(api)!
-- The row of an API is there from now on, and locked until the transaction ends.
INSERT INTO read_apis (api)
VALUES (:api)
ON CONFLICT (api) DO UPDATE
   SET api = excluded.api;

-- name: budget_apis(api)
-- What is known of an API, and of all of them together (*).
SELECT api, blocked_until, blocks, rests_until, parallel, lowered_at
  FROM read_apis
 WHERE api IN (:api, '*');

-- name: budget_used(api, minute_from, hour_from)^
-- Calls granted in the last minute and hour, counted by sub-windows.
SELECT CAST(COALESCE(SUM(CASE WHEN slot > :minute_from THEN calls ELSE 0 END), 0) AS BIGINT) AS in_minute,
       CAST(COALESCE(SUM(calls), 0) AS BIGINT) AS in_hour
  FROM read_grants
 WHERE api = :api
   AND slot > :hour_from;

-- name: budget_grant(api, slot, calls)!
INSERT INTO read_grants (api, slot, calls)
VALUES (:api, :slot, :calls)
ON CONFLICT (api, slot) DO UPDATE
   SET calls = read_grants.calls + excluded.calls;

-- name: budget_forget(api, upto)!
-- Sub-windows that no window reaches any more.
DELETE FROM read_grants
 WHERE api = :api
   AND slot <= :upto;

-- name: budget_flights(api, now)
-- Who has calls under way, or waits for a place (none so far), those who came first before others.
SELECT holder, places, since
  FROM read_flights
 WHERE api = :api
   AND until > :now
 ORDER BY since, holder;

-- name: budget_fly(api, holder, places, since, until)!
INSERT INTO read_flights (api, holder, places, since, until)
VALUES (:api, :holder, :places, :since, :until)
ON CONFLICT (api, holder) DO UPDATE
   SET places = excluded.places,
       since = excluded.since,
       until = excluded.until;

-- name: budget_land(holder, now)!
-- A process ends its calls; places of killed ones go with them.
DELETE FROM read_flights
 WHERE holder = :holder
    OR until <= :now;

-- name: budget_block(api, now, first_until, next_until)!
-- WeCom refuses; what it refuses again right after a block is blocked for longer.
UPDATE read_apis
   SET blocked_until = CASE WHEN blocks = 0
                            THEN CAST(:first_until AS BIGINT)
                            ELSE CAST(:next_until AS BIGINT)
                       END,
       blocks = blocks + 1
 WHERE api = :api
   AND blocked_until <= :now;

-- name: budget_block_all(until)!
INSERT INTO read_apis (api, blocked_until)
VALUES ('*', :until)
ON CONFLICT (api) DO UPDATE
   SET blocked_until = excluded.blocked_until;

-- name: budget_blocked(now)
-- The APIs that WeCom refuses now.
SELECT api, blocked_until
  FROM read_apis
 WHERE blocked_until > :now
 ORDER BY api;

-- name: budget_well(api, now)!
-- WeCom answers again after a block.
UPDATE read_apis
   SET blocks = 0
 WHERE api = :api
   AND blocked_until <= :now;

-- name: budget_lower(api, parallel, now, rests_until)!
UPDATE read_apis
   SET parallel = :parallel,
       lowered_at = :now,
       rests_until = :rests_until
 WHERE api = :api;
