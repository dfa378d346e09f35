-- Adds and details are read by person, all columns of each row. A table that is its key's index gives them without a
-- second look for each row, and its other indexes hold the whole key.
ALTER TABLE adds RENAME TO adds_by_row;

CREATE TABLE adds (
    userid {text} NOT NULL,
    external_userid {text} NOT NULL,
    added_at BIGINT NOT NULL,
    nth INTEGER NOT NULL,
    ended_at BIGINT,
    ended_by {text},
    slips {text} NOT NULL DEFAULT '[]',
    last_regained_at BIGINT,
    state {text} NOT NULL DEFAULT '',
    PRIMARY KEY (userid, external_userid, added_at)
){clustered};

INSERT INTO adds (userid, external_userid, added_at, nth, ended_at, ended_by, slips, last_regained_at, state)
SELECT userid, external_userid, added_at, nth, ended_at, ended_by, slips, last_regained_at, state
  FROM adds_by_row
 ORDER BY userid, external_userid, added_at;

DROP TABLE adds_by_row;

CREATE INDEX adds_by_time ON adds (added_at);

CREATE INDEX adds_by_end ON adds (ended_at) WHERE ended_at IS NOT NULL;

CREATE INDEX adds_by_customer ON adds (external_userid, added_at);

ALTER TABLE details RENAME TO details_by_row;

CREATE TABLE details (
    userid {text} NOT NULL,
    external_userid {text} NOT NULL,
    createtime BIGINT NOT NULL,
    customer_type INTEGER NOT NULL,
    add_way INTEGER NOT NULL,
    state {text} NOT NULL DEFAULT '',
    oper_userid {text} NOT NULL DEFAULT '',
    tags {text} NOT NULL DEFAULT '[]',
    unionid {text} NOT NULL DEFAULT '',
    mobile_sha256 {text} NOT NULL DEFAULT '',
    read_at BIGINT NOT NULL,
    PRIMARY KEY (userid, external_userid, createtime)
){clustered};

INSERT INTO details (userid, external_userid, createtime, customer_type, add_way, state, oper_userid, tags, unionid,
                     mobile_sha256, read_at)
SELECT userid, external_userid, createtime, customer_type, add_way, state, oper_userid, tags, unionid, mobile_sha256,
       read_at
  FROM details_by_row
 ORDER BY userid, external_userid, createtime;

DROP TABLE details_by_row;
