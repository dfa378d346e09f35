-- name: members_put(userid, name, leader_of, joined_on, left_on, share, read_on)*!
-- What the newest reading says of each person.
INSERT INTO members (userid, name, leader_of, joined_on, left_on, share, read_on)
VALUES (:userid, :name, :leader_of, :joined_on, :left_on, :share, :read_on)
ON CONFLICT (userid) DO UPDATE
   SET name = excluded.name,
       leader_of = excluded.leader_of,
       joined_on = excluded.joined_on,
       left_on = excluded.left_on,
       share = excluded.share,
       read_on = excluded.read_on;

-- name: members_all()
-- Everybody, once for each dated membership, oldest first: one statement, so that nobody is seen half-written.
SELECT members.userid, name, leader_of, joined_on, left_on, share, since, departments, role
  FROM members
  JOIN memberships ON memberships.userid = members.userid
 ORDER BY members.userid, since;

-- name: memberships_put(userid, since, departments, role)*!
-- Departments and role from a day on; the first reading has an empty day.
INSERT INTO memberships (userid, since, departments, role)
VALUES (:userid, :since, :departments, :role)
ON CONFLICT (userid, since) DO UPDATE
   SET departments = excluded.departments,
       role = excluded.role;

-- name: roster_lines_all()
SELECT userid, line, beside
  FROM roster_lines
 ORDER BY userid;

-- name: roster_lines_put(userid, line, beside, imported_at)*!
-- The newest import of a person holds.
INSERT INTO roster_lines (userid, line, beside, imported_at)
VALUES (:userid, :line, :beside, :imported_at)
ON CONFLICT (userid) DO UPDATE
   SET line = excluded.line,
       beside = excluded.beside,
       imported_at = excluded.imported_at;

-- name: roster_lines_drop(userid)*!
DELETE FROM roster_lines
 WHERE userid = :userid;
