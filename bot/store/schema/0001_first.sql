-- Times are epoch seconds, truth is 0/1, days are ISO dates, userids are in lower case.

CREATE TABLE inbox (
    seq {identity},
    hash {text} NOT NULL UNIQUE,
    body {bytes} NOT NULL,
    received_at BIGINT NOT NULL,
    state {text} NOT NULL DEFAULT 'pending',
    kind {text} NOT NULL DEFAULT '',
    attempts INTEGER NOT NULL DEFAULT 0,
    next_try_at BIGINT NOT NULL DEFAULT 0,
    error {text} NOT NULL DEFAULT ''
);
CREATE INDEX inbox_pending ON inbox (seq) WHERE state = 'pending';
CREATE INDEX inbox_dead ON inbox (seq) WHERE state = 'dead';

CREATE TABLE relation_events (
    userid {text} NOT NULL,
    external_userid {text} NOT NULL,
    at BIGINT NOT NULL,
    kind {text} NOT NULL,
    origin {text} NOT NULL,
    state {text} NOT NULL DEFAULT '',
    recorded_at BIGINT NOT NULL,
    PRIMARY KEY (userid, external_userid, at, kind)
);

CREATE TABLE dirty (
    scope {text} NOT NULL,
    key {text} NOT NULL,
    marks BIGINT NOT NULL,
    PRIMARY KEY (scope, key)
);

CREATE TABLE adds (
    userid {text} NOT NULL,
    external_userid {text} NOT NULL,
    added_at BIGINT NOT NULL,
    nth INTEGER NOT NULL,
    ended_at BIGINT,
    ended_by {text},
    slips {text} NOT NULL DEFAULT '[]',
    last_regained_at BIGINT,
    PRIMARY KEY (userid, external_userid, added_at)
);
CREATE INDEX adds_by_time ON adds (added_at);
CREATE INDEX adds_by_end ON adds (ended_at) WHERE ended_at IS NOT NULL;

CREATE TABLE members (
    userid {text} PRIMARY KEY,
    name {text} NOT NULL,
    leader_of {text} NOT NULL DEFAULT '',
    joined_on {text},
    left_on {text},
    share {text} NOT NULL DEFAULT '1',
    read_on {text} NOT NULL
);

CREATE TABLE memberships (
    userid {text} NOT NULL,
    since {text} NOT NULL,
    departments {text} NOT NULL,
    role {text},
    PRIMARY KEY (userid, since)
);

CREATE TABLE outbox (
    seq {identity},
    key {text} NOT NULL UNIQUE,
    job {text} NOT NULL,
    to_userid {text} NOT NULL,
    lane INTEGER NOT NULL,
    msgtype {text} NOT NULL,
    content {text} NOT NULL,
    created_at BIGINT NOT NULL,
    not_before BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    time_shift BIGINT,
    state {text} NOT NULL DEFAULT 'pending',
    attempts INTEGER NOT NULL DEFAULT 0,
    next_try_at BIGINT NOT NULL DEFAULT 0,
    request {bytes},
    request_hash {text},
    unsure_since BIGINT,
    tried_at BIGINT,
    finished_at BIGINT,
    receipt {text} NOT NULL DEFAULT '',
    error {text} NOT NULL DEFAULT ''
);
CREATE INDEX outbox_pending ON outbox (lane, seq) WHERE state = 'pending';
CREATE INDEX outbox_tried ON outbox (tried_at) WHERE tried_at IS NOT NULL;
CREATE UNIQUE INDEX outbox_request ON outbox (request_hash) WHERE request_hash IS NOT NULL;

CREATE TABLE runs (
    job {text} NOT NULL,
    fire_at BIGINT NOT NULL,
    state {text} NOT NULL,
    holder {text} NOT NULL DEFAULT '',
    lease_until BIGINT NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    planned_at BIGINT,
    cursor {text} NOT NULL DEFAULT '',
    messages INTEGER NOT NULL DEFAULT 0,
    error {text} NOT NULL DEFAULT '',
    PRIMARY KEY (job, fire_at)
);

CREATE TABLE leases (
    name {text} PRIMARY KEY,
    holder {text} NOT NULL,
    until BIGINT NOT NULL
);

CREATE TABLE tokens (
    name {text} PRIMARY KEY,
    token {text} NOT NULL DEFAULT '',
    expires_at BIGINT NOT NULL DEFAULT 0,
    error {text} NOT NULL DEFAULT '',
    errcode INTEGER NOT NULL DEFAULT 0,
    blocked_until BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE marks (
    name {text} PRIMARY KEY,
    value {text} NOT NULL
);

CREATE TABLE outages (
    began_at BIGINT NOT NULL,
    ended_at BIGINT NOT NULL,
    reason {text} NOT NULL,
    holder {text} NOT NULL,
    PRIMARY KEY (began_at, reason, holder)
);
