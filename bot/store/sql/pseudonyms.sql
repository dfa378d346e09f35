-- name: pseudonym_open(userid)^
-- Whether a line of this person, under whatever userid, waits for its signature.
SELECT 1 AS found
  FROM results
 WHERE userid IN (SELECT CAST(:userid AS TEXT)
                   UNION
                  SELECT old_userid
                    FROM renames
                   WHERE renames.userid = :userid)
   AND state = 'preliminary'
   AND version = (SELECT MAX(other.version)
                    FROM results AS other
                   WHERE other.quota = results.quota
                     AND other.period = results.period
                     AND other.userid = results.userid)
 LIMIT 1;

-- name: pseudonym_name_members(userid)!
UPDATE members
   SET name = userid
 WHERE userid = :userid;

-- name: pseudonym_name_book(userid)!
UPDATE address_book
   SET name = userid,
       position = ''
 WHERE userid = :userid;

-- name: pseudonym_drop_roster(userid)!
DELETE FROM roster_lines
 WHERE userid = :userid;

-- name: pseudonym_drop_renames(userid)!
-- Earlier userids of this person; one that a closed line has stays, or the line would be somebody else's.
DELETE FROM renames
 WHERE userid = :userid
   AND old_userid NOT IN (SELECT results.userid
                            FROM results);

-- name: pseudonym_drop_statements(named)!
-- Statements of this person: with another userid their codes would not fit.
DELETE FROM daily_statements
 WHERE HOLDS(body, :named);
