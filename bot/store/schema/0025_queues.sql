-- Finished events and messages leave their tables after a while. What names them stays here, so that neither an
-- old event nor an old message is taken for a new one.

CREATE TABLE inbox_hashes (
    hash {text} PRIMARY KEY
){clustered};

CREATE TABLE outbox_keys (
    key {text} PRIMARY KEY
){clustered};

-- What is tried again, and what was given up on, is found without looking at what is done.
CREATE INDEX inbox_again ON inbox (next_try_at, seq) WHERE state = 'pending' AND next_try_at > 0;

CREATE INDEX outbox_again ON outbox (next_try_at, seq) WHERE state = 'pending' AND next_try_at > 0;

CREATE INDEX outbox_dead ON outbox (seq) WHERE state IN ('failed', 'unknown');

CREATE INDEX outbox_expired ON outbox (finished_at) WHERE state = 'expired';

CREATE INDEX outbox_ends ON outbox (expires_at) WHERE state = 'pending';

CREATE INDEX detail_reads_again ON detail_reads (attempts) WHERE state = 'wanted' AND attempts > 0;

-- Marks and chat requests get numbers in the order in which they come, so that a claim can begin after those that
-- are done.
ALTER TABLE dirty RENAME TO dirty_by_key;

CREATE TABLE dirty (
    seq {identity},
    scope {text} NOT NULL,
    key {text} NOT NULL,
    marks BIGINT NOT NULL,
    UNIQUE (scope, key)
);

INSERT INTO dirty (scope, key, marks)
SELECT scope, key, marks
  FROM dirty_by_key
 ORDER BY key;

DROP TABLE dirty_by_key;

DROP INDEX words_open;

ALTER TABLE words RENAME TO words_by_msgid;

CREATE TABLE words (
    seq {identity},
    msgid {text} NOT NULL UNIQUE,
    userid {text} NOT NULL,
    text {text} NOT NULL,
    way {text} NOT NULL,
    said_at BIGINT NOT NULL,
    state {text} NOT NULL DEFAULT 'open',
    claimed_by {text} NOT NULL DEFAULT '',
    claimed_until BIGINT NOT NULL DEFAULT 0
);

INSERT INTO words (msgid, userid, text, way, said_at, state, claimed_by, claimed_until)
SELECT msgid, userid, text, way, said_at, state, claimed_by, claimed_until
  FROM words_by_msgid
 ORDER BY said_at, msgid;

DROP TABLE words_by_msgid;

CREATE INDEX words_open ON words (seq) WHERE state = 'open';
