-- The share of a membership, the first reading with a person (NULL: the first whole one), each tree of departments,
-- and the sections of the file that are frozen by day.

ALTER TABLE memberships ADD COLUMN share {text} NOT NULL DEFAULT '1';

UPDATE memberships
   SET share = COALESCE((SELECT members.share FROM members WHERE members.userid = memberships.userid), '1');

ALTER TABLE members DROP COLUMN share;

ALTER TABLE members ADD COLUMN first_read {text};

-- An empty day is the first reading: for all time before. parents: JSON, parent id by id.
CREATE TABLE department_trees (
    since {text} PRIMARY KEY,
    parents {text} NOT NULL
);

CREATE TABLE section_versions (
    section {text} NOT NULL,
    since {text} NOT NULL,
    value {text} NOT NULL,
    recorded_at BIGINT NOT NULL,
    PRIMARY KEY (section, since)
);
