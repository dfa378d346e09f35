-- name: members_put(userid, name, leader_of, joined_on, left_on, first_read, in_range, read_on)*!
-- What the newest reading says of each person.
INSERT INTO members (userid, name, leader_of, joined_on, left_on, first_read, in_range, read_on)
VALUES (:userid, :name, :leader_of, :joined_on, :left_on, :first_read, :in_range, :read_on)
ON CONFLICT (userid) DO UPDATE
   SET name = excluded.name,
       leader_of = excluded.leader_of,
       joined_on = excluded.joined_on,
       left_on = excluded.left_on,
       first_read = excluded.first_read,
       in_range = excluded.in_range,
       read_on = excluded.read_on;

-- name: members_all()
-- Everybody, once for each dated membership, oldest first: one statement, so that nobody is seen half-written.
SELECT members.userid, name, leader_of, joined_on, left_on, first_read, in_range, since, departments, role, share
  FROM members
  JOIN memberships ON memberships.userid = members.userid
 ORDER BY members.userid, since;

-- name: members_following(after, most)
-- The same of the next people after a userid.
SELECT members.userid, name, leader_of, joined_on, left_on, first_read, in_range, since, departments, role, share
  FROM (SELECT userid AS following
          FROM members
         WHERE userid > :after
         ORDER BY userid
         LIMIT :most) AS piece
  JOIN members ON members.userid = piece.following
  JOIN memberships ON memberships.userid = members.userid
 ORDER BY members.userid, since;

-- name: members_of(userids)
-- The same of these people (a list).
SELECT members.userid, name, leader_of, joined_on, left_on, first_read, in_range, since, departments, role, share
  FROM LISTED(:userids) AS asked
 CROSS JOIN members
  JOIN memberships ON memberships.userid = members.userid
 WHERE members.userid = asked.value
 ORDER BY members.userid, since;

-- name: members_leading()
-- The same of everybody who leads a department.
SELECT members.userid, name, leader_of, joined_on, left_on, first_read, in_range, since, departments, role, share
  FROM members
  JOIN memberships ON memberships.userid = members.userid
 WHERE leader_of <> ''
 ORDER BY members.userid, since;

-- name: members_called(userid, name)
-- Who has this userid or this name.
SELECT userid
  FROM members
 WHERE userid = :userid
    OR name = :name;

-- name: members_come(day)
-- Who was first read on a day or later.
SELECT userid
  FROM members
 WHERE first_read >= :day;

-- name: members_count()^
SELECT COUNT(*) AS people
  FROM members;

-- name: memberships_departments()
-- Every combination of departments that somebody ever had; many people share one.
SELECT DISTINCT departments
  FROM memberships;

-- name: memberships_within(texts)
-- Everybody who ever had one of these combinations (a list).
SELECT DISTINCT memberships.userid
  FROM LISTED(:texts) AS asked
 CROSS JOIN memberships
 WHERE memberships.departments = asked.value
 ORDER BY memberships.userid;

-- name: memberships_put(userid, since, departments, role, share)*!
-- Departments, role and share from a day on; the first reading has an empty day.
INSERT INTO memberships (userid, since, departments, role, share)
VALUES (:userid, :since, :departments, :role, :share)
ON CONFLICT (userid, since) DO UPDATE
   SET departments = excluded.departments,
       role = excluded.role,
       share = excluded.share;

-- name: department_trees_all()
SELECT since, parents
  FROM department_trees
 ORDER BY since;

-- name: department_trees_put(since, parents)!
-- The tree of departments from a day on; the first reading has an empty day.
INSERT INTO department_trees (since, parents)
VALUES (:since, :parents)
ON CONFLICT (since) DO UPDATE
   SET parents = excluded.parents;

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

-- name: memberships_clear(userid)!
DELETE FROM memberships
 WHERE userid = :userid;
