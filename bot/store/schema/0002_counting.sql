-- What counting needs to know, decide, freeze and close.

ALTER TABLE adds ADD COLUMN state {text} NOT NULL DEFAULT '';
CREATE INDEX adds_by_customer ON adds (external_userid, added_at);

-- Derived anew once, so that earlier adds get their channel state.
INSERT INTO dirty (scope, key, marks)
SELECT DISTINCT 'relation', userid || ' ' || external_userid, 1
  FROM relation_events
 WHERE 0 = 0
ON CONFLICT (scope, key) DO NOTHING;

CREATE TABLE absences (
    userid {text} NOT NULL,
    first_day {text} NOT NULL,
    last_day {text} NOT NULL,
    kind {text} NOT NULL DEFAULT '',
    PRIMARY KEY (userid, first_day, last_day)
);

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
);

CREATE TABLE detail_reads (
    userid {text} NOT NULL,
    external_userid {text} NOT NULL,
    state {text} NOT NULL DEFAULT 'wanted',
    marks BIGINT NOT NULL DEFAULT 1,
    wanted_since BIGINT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    next_try_at BIGINT NOT NULL DEFAULT 0,
    error {text} NOT NULL DEFAULT '',
    PRIMARY KEY (userid, external_userid)
);
CREATE INDEX detail_reads_due ON detail_reads (state, next_try_at);
CREATE INDEX detail_reads_of_customer ON detail_reads (external_userid);

-- Contacts of an earlier version are read once, too.
INSERT INTO detail_reads (userid, external_userid, wanted_since)
SELECT DISTINCT userid, external_userid, 0
  FROM adds
 WHERE ended_at IS NULL;

CREATE TABLE corp_tags (
    id {text} PRIMARY KEY,
    kind INTEGER NOT NULL DEFAULT 1,
    group_name {text} NOT NULL,
    name {text} NOT NULL
);

CREATE TABLE facts (
    key_kind {text} NOT NULL,
    key {text} NOT NULL,
    fact {text} NOT NULL,
    value {text} NOT NULL,
    imported_at BIGINT NOT NULL,
    PRIMARY KEY (key_kind, key, fact)
);

CREATE TABLE reviews (
    number {identity},
    kind {text} NOT NULL,
    quota {text} NOT NULL,
    period {text} NOT NULL,
    userid {text} NOT NULL,
    external_userid {text} NOT NULL,
    added_at BIGINT NOT NULL,
    opened_at BIGINT NOT NULL,
    text {text} NOT NULL DEFAULT '',
    told INTEGER NOT NULL DEFAULT 0,
    told_at BIGINT,
    state {text} NOT NULL DEFAULT 'open',
    decided_by {text} NOT NULL DEFAULT '',
    decided_at BIGINT,
    reason {text} NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX reviews_open ON reviews (kind, quota, userid, external_userid, added_at) WHERE state = 'open';
CREATE INDEX reviews_of_contact ON reviews (userid, external_userid, added_at);

CREATE TABLE findings (
    kind {text} NOT NULL,
    userid {text} NOT NULL,
    subject {text} NOT NULL,
    on_day {text} NOT NULL,
    concerned {text} NOT NULL,
    evidence {text} NOT NULL DEFAULT '{{}}',
    asked_at BIGINT NOT NULL,
    answer {text} NOT NULL DEFAULT '',
    answered_at BIGINT,
    told INTEGER NOT NULL DEFAULT 0,
    told_at BIGINT,
    state {text} NOT NULL DEFAULT 'open',
    decided_by {text} NOT NULL DEFAULT '',
    decided_at BIGINT,
    reason {text} NOT NULL DEFAULT '',
    PRIMARY KEY (kind, userid, subject)
);

CREATE TABLE rule_versions (
    quota {text} NOT NULL,
    since {text} NOT NULL,
    rule {text} NOT NULL,
    adopted_by {text} NOT NULL DEFAULT '',
    recorded_at BIGINT NOT NULL,
    PRIMARY KEY (quota, since)
);

CREATE TABLE results (
    quota {text} NOT NULL,
    period {text} NOT NULL,
    userid {text} NOT NULL,
    version INTEGER NOT NULL,
    state {text} NOT NULL,
    line {text} NOT NULL,
    author {text} NOT NULL DEFAULT '',
    reason {text} NOT NULL DEFAULT '',
    stored_at BIGINT NOT NULL,
    PRIMARY KEY (quota, period, userid, version)
);

CREATE TABLE audit (
    seq BIGINT PRIMARY KEY,
    at BIGINT NOT NULL,
    actor {text} NOT NULL,
    act {text} NOT NULL,
    subject {text} NOT NULL,
    detail {text} NOT NULL,
    previous {text} NOT NULL,
    hash {text} NOT NULL
);
