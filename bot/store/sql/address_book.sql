-- name: book_put(userid, name, departments, leads, position, status, direct_leader, tags, state, state_since, listed_on, arrived_on, joined_on, read_on)*!
-- A member as WeCom shows them now, or showed them last.
INSERT INTO address_book (userid, name, departments, leads, position, status, direct_leader, tags, state,
                          state_since, listed_on, arrived_on, joined_on, read_on)
VALUES (:userid, :name, :departments, :leads, :position, :status, :direct_leader, :tags, :state,
        :state_since, :listed_on, :arrived_on, :joined_on, :read_on)
ON CONFLICT (userid) DO UPDATE
   SET name = excluded.name,
       departments = excluded.departments,
       leads = excluded.leads,
       position = excluded.position,
       status = excluded.status,
       direct_leader = excluded.direct_leader,
       tags = excluded.tags,
       state = excluded.state,
       state_since = excluded.state_since,
       listed_on = excluded.listed_on,
       arrived_on = excluded.arrived_on,
       joined_on = excluded.joined_on,
       read_on = excluded.read_on;

-- name: book_all()
SELECT userid, name, departments, leads, position, status, direct_leader, tags, state, state_since, listed_on,
       arrived_on, joined_on, read_on
  FROM address_book
 ORDER BY userid;

-- name: book_of(userids)
-- The same of these people (a list).
SELECT address_book.userid, name, departments, leads, position, status, direct_leader, tags, state, state_since,
       listed_on, arrived_on, joined_on, read_on
  FROM LISTED(:userids) AS asked
 CROSS JOIN address_book
 WHERE address_book.userid = asked.value;

-- name: book_joiners()
-- Who is in a list after the first reading, came by an event, and has no first working day.
SELECT userid, name, departments, leads, position, status, direct_leader, tags, state, state_since, listed_on,
       arrived_on, joined_on, read_on
  FROM address_book
 WHERE listed_on <> ''
   AND arrived_on IS NOT NULL
   AND joined_on IS NULL
 ORDER BY userid;

-- name: book_states()
-- How many members are in which state.
SELECT state, COUNT(*) AS people
  FROM address_book
 GROUP BY state;

-- name: departments_put(id, name, parent, read_on)*!
-- One that is out of range now stays: those who were last seen in it still belong somewhere.
INSERT INTO departments (id, name, parent, read_on)
VALUES (:id, :name, :parent, :read_on)
ON CONFLICT (id) DO UPDATE
   SET name = excluded.name,
       parent = excluded.parent,
       read_on = excluded.read_on;

-- name: departments_all()
SELECT id, name, parent
  FROM departments
 ORDER BY id;

-- name: member_tags_clear()!
DELETE FROM member_tags;

-- name: member_tags_put(id, name)*!
INSERT INTO member_tags (id, name)
VALUES (:id, :name);

-- name: member_tags_all()
SELECT id, name
  FROM member_tags
 ORDER BY id;

-- name: member_read_want(userid, wanted_since, arrived_on)!
-- An event says that this member must be read again. The first arrival that is told of stays.
INSERT INTO member_reads (userid, wanted_since, arrived_on)
VALUES (:userid, :wanted_since, CAST(:arrived_on AS TEXT))
ON CONFLICT (userid) DO UPDATE
   SET wanted_since = excluded.wanted_since,
       arrived_on = COALESCE(member_reads.arrived_on, excluded.arrived_on),
       attempts = 0,
       next_try_at = 0;

-- name: member_reads_due(now, batch)
SELECT userid, wanted_since, arrived_on, attempts
  FROM member_reads
 WHERE next_try_at <= :now
 ORDER BY wanted_since, userid
 LIMIT :batch;

-- name: member_reads_all()
SELECT userid, wanted_since, arrived_on, attempts
  FROM member_reads
 ORDER BY userid;

-- name: member_read_done(userid, wanted_since)*!
-- Read; what was wanted since then is still wanted.
DELETE FROM member_reads
 WHERE userid = :userid
   AND wanted_since <= :wanted_since;

-- name: member_read_later(userid, attempts, next_try_at, error)!
UPDATE member_reads
   SET attempts = :attempts,
       next_try_at = :next_try_at,
       error = :error
 WHERE userid = :userid;
