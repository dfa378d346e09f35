-- Times are epoch seconds, truth is 0/1, days are ISO dates, userids are in lower case.

CREATE TABLE inbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    hash TEXT NOT NULL UNIQUE,
    body BLOB NOT NULL,
    received_at BIGINT NOT NULL,
    state TEXT NOT NULL DEFAULT 'pending',
    kind TEXT NOT NULL DEFAULT '',
    attempts INTEGER NOT NULL DEFAULT 0,
    next_try_at BIGINT NOT NULL DEFAULT 0,
    error TEXT NOT NULL DEFAULT ''
);
CREATE INDEX inbox_pending ON inbox (seq) WHERE state = 'pending';
CREATE INDEX inbox_dead ON inbox (seq) WHERE state = 'dead';

CREATE TABLE relation_events (
    userid TEXT NOT NULL,
    external_userid TEXT NOT NULL,
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    origin TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT '',
    recorded_at BIGINT NOT NULL,
    PRIMARY KEY (userid, external_userid, at, kind)
);

CREATE TABLE dirty (
    scope TEXT NOT NULL,
    key TEXT NOT NULL,
    PRIMARY KEY (scope, key)
);

CREATE TABLE adds (
    userid TEXT NOT NULL,
    external_userid TEXT NOT NULL,
    added_at BIGINT NOT NULL,
    nth INTEGER NOT NULL,
    ended_at BIGINT,
    ended_by TEXT,
    slips TEXT NOT NULL DEFAULT '[]',
    last_regained_at BIGINT,
    PRIMARY KEY (userid, external_userid, added_at)
);
CREATE INDEX adds_by_time ON adds (added_at);
CREATE INDEX adds_by_end ON adds (ended_at) WHERE ended_at IS NOT NULL;

CREATE TABLE members (
    userid TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    leader_of TEXT NOT NULL DEFAULT '',
    joined_on TEXT,
    left_on TEXT,
    share TEXT NOT NULL DEFAULT '1',
    read_on TEXT NOT NULL
);

CREATE TABLE memberships (
    userid TEXT NOT NULL,
    since TEXT NOT NULL,
    departments TEXT NOT NULL,
    role TEXT,
    PRIMARY KEY (userid, since)
);

CREATE TABLE outbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    job TEXT NOT NULL,
    to_userid TEXT NOT NULL,
    lane INTEGER NOT NULL,
    msgtype TEXT NOT NULL,
    content TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    not_before BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    time_shift BIGINT,
    state TEXT NOT NULL DEFAULT 'pending',
    attempts INTEGER NOT NULL DEFAULT 0,
    next_try_at BIGINT NOT NULL DEFAULT 0,
    request BLOB,
    request_hash TEXT,
    unsure_since BIGINT,
    tried_at BIGINT,
    finished_at BIGINT,
    receipt TEXT NOT NULL DEFAULT '',
    error TEXT NOT NULL DEFAULT ''
);
CREATE INDEX outbox_pending ON outbox (lane, seq) WHERE state = 'pending';
CREATE INDEX outbox_tried ON outbox (tried_at) WHERE tried_at IS NOT NULL;
CREATE UNIQUE INDEX outbox_request ON outbox (request_hash) WHERE request_hash IS NOT NULL;

CREATE TABLE runs (
    job TEXT NOT NULL,
    fire_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    holder TEXT NOT NULL DEFAULT '',
    lease_until BIGINT NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    planned_at BIGINT,
    cursor TEXT NOT NULL DEFAULT '',
    messages INTEGER NOT NULL DEFAULT 0,
    error TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (job, fire_at)
);

CREATE TABLE leases (
    name TEXT PRIMARY KEY,
    holder TEXT NOT NULL,
    until BIGINT NOT NULL
);

CREATE TABLE tokens (
    name TEXT PRIMARY KEY,
    token TEXT NOT NULL DEFAULT '',
    expires_at BIGINT NOT NULL DEFAULT 0,
    error TEXT NOT NULL DEFAULT '',
    errcode INTEGER NOT NULL DEFAULT 0,
    blocked_until BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE marks (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);
