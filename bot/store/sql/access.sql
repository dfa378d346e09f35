-- name: logouts_of(userid)^
SELECT number
  FROM logouts
 WHERE userid = :userid;

-- name: logout_add(userid)!
INSERT INTO logouts (userid, number)
VALUES (:userid, 1)
ON CONFLICT (userid) DO UPDATE
   SET number = logouts.number + 1;
