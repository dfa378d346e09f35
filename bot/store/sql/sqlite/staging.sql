-- A file of facts beside what the store knows of the same keys: in a temporary database of its own, always SQLite.

-- name: staging_tables()#
-- The lines of the file; the contacts by their keys; the rows of the store. says: values of the file's columns.
-- absent: keys of contacts of which no customer is in the file, by any of its keys.
CREATE TABLE lines (number INTEGER PRIMARY KEY, key TEXT NOT NULL, says TEXT NOT NULL);
CREATE TABLE contacts (key TEXT NOT NULL, customer TEXT NOT NULL);
CREATE TABLE held (number INTEGER PRIMARY KEY, key TEXT NOT NULL, says TEXT NOT NULL, manager TEXT, said TEXT NOT NULL);
CREATE VIEW absent AS
    SELECT contact.key
      FROM contacts AS contact
      LEFT JOIN (SELECT DISTINCT known.customer
                   FROM contacts AS known
                   JOIN lines AS line
                     ON line.key = known.key) AS filed
        ON filed.customer = contact.customer
     GROUP BY contact.key
    HAVING COUNT(filed.customer) = 0;

-- name: staging_odd_keys()
-- Lines whose key no contact has, or contacts of several customers (is_ambiguous).
SELECT line.number, line.key, COALESCE(known.is_ambiguous, 0) AS is_ambiguous
  FROM lines AS line
  LEFT JOIN (SELECT key, MIN(customer) <> MAX(customer) AS is_ambiguous
               FROM contacts
              GROUP BY key) AS known
    ON known.key = line.key
 WHERE known.is_ambiguous IS NOT 0
 ORDER BY line.number;

-- name: staging_count_absent()$
SELECT COUNT(*)
  FROM absent;

-- name: staging_add_absent(says)!
-- A line for each of these keys, after the others.
INSERT INTO lines (number, key, says)
SELECT (SELECT COALESCE(MAX(number), 0) FROM lines) + ROW_NUMBER() OVER (ORDER BY key), key, :says
  FROM absent;

-- name: staging_contradictions()
-- Lines of a key of which the file says several things, each with the first line that says something else.
WITH sayings AS (
    SELECT key, says, MIN(number) AS first, ROW_NUMBER() OVER (PARTITION BY key ORDER BY MIN(number)) AS nth
      FROM lines
     WHERE key IN (SELECT key
                     FROM lines
                    GROUP BY key
                   HAVING MIN(says) <> MAX(says))
     GROUP BY key, says
)
SELECT line.number, CASE WHEN line.says = one.says THEN other.first ELSE one.first END AS other
  FROM sayings AS one
  JOIN sayings AS other
    ON other.key = one.key
   AND other.nth = 2
  JOIN lines AS line
    ON line.key = one.key
 WHERE one.nth = 1;

-- name: staging_changes()
-- The first line of each key of which the store says nothing (held_number is NULL) or something else.
SELECT line.number, line.key, line.says, held.number AS held_number, held.manager, held.said
  FROM (SELECT key, says, MIN(number) AS number
          FROM lines
         GROUP BY key) AS line
  LEFT JOIN (SELECT key, MAX(number) AS number
               FROM held
              GROUP BY key) AS newest
    ON newest.key = line.key
  LEFT JOIN held
    ON held.number = newest.number
 WHERE held.says IS NOT line.says
 ORDER BY line.number;

-- name: staging_outdated()
-- Rows of the store in whose place a later one holds.
SELECT number
  FROM held
 WHERE number NOT IN (SELECT MAX(number)
                        FROM held
                       GROUP BY key);
