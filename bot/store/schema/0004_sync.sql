-- Comparing with WeCom's lists: the run, whom it reads, what it read, what it found.

CREATE TABLE sync_runs (
    number {identity},
    began_at BIGINT NOT NULL,
    accepts_losses INTEGER NOT NULL DEFAULT 0,
    state {text} NOT NULL DEFAULT 'reading',
    cursor {text} NOT NULL DEFAULT '',
    calls BIGINT NOT NULL DEFAULT 0,
    ended_at BIGINT,
    error {text} NOT NULL DEFAULT ''
);

CREATE TABLE sync_members (
    userid {text} PRIMARY KEY,
    batch BIGINT NOT NULL,
    state {text} NOT NULL DEFAULT 'wanted',
    living BIGINT NOT NULL DEFAULT 0,
    losses BIGINT NOT NULL DEFAULT 0,
    is_held INTEGER NOT NULL DEFAULT 0,
    error {text} NOT NULL DEFAULT ''
);
CREATE INDEX sync_members_by_state ON sync_members (state, batch);

CREATE TABLE sync_listed (
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
    PRIMARY KEY (userid, external_userid)
);
CREATE INDEX sync_listed_by_customer ON sync_listed (external_userid);

CREATE TABLE sync_losses (
    userid {text} NOT NULL,
    external_userid {text} NOT NULL,
    at BIGINT NOT NULL,
    is_gone INTEGER NOT NULL,
    PRIMARY KEY (userid, external_userid)
);

CREATE TABLE sync_readings (
    userid {text} PRIMARY KEY,
    read_at BIGINT NOT NULL
);

CREATE TABLE sync_drift (
    run BIGINT NOT NULL,
    cause {text} NOT NULL,
    userid {text} NOT NULL,
    number BIGINT NOT NULL,
    text {text} NOT NULL DEFAULT '',
    PRIMARY KEY (run, cause, userid)
);
