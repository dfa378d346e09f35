-- People can be read in pieces: whether the app may see them is recorded, and who leads or belongs to a department
-- is found without reading everybody.

ALTER TABLE members ADD COLUMN in_range INTEGER NOT NULL DEFAULT 1;

CREATE INDEX members_leading ON members (userid) WHERE leader_of <> '';

CREATE INDEX memberships_by_departments ON memberships (departments, userid);

-- A period is closed when all its lines are stored, piece by piece: from this row on they are shown.
CREATE TABLE closings (
    quota {text} NOT NULL,
    period {text} NOT NULL,
    closed_at BIGINT NOT NULL,
    PRIMARY KEY (quota, period)
);

INSERT INTO closings (quota, period, closed_at)
SELECT quota, period, MIN(stored_at)
  FROM results
 GROUP BY quota, period;
