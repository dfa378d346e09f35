-- name: ranks_clear()!
-- Before newer ones are kept.
DELETE FROM ranks;

-- name: ranks_put(quota, period, as_of, places)!
INSERT INTO ranks (quota, period, as_of, places)
VALUES (:quota, :period, :as_of, :places);

-- name: ranks_get(quota, period)^
SELECT as_of, places
  FROM ranks
 WHERE quota = :quota
   AND period = :period;

-- name: ranks_newest()^
SELECT MAX(as_of) AS as_of
  FROM ranks;
