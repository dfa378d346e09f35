-- The directory as WeCom's own lists say it, and who goes by another userid now.

CREATE TABLE departments (
    id BIGINT PRIMARY KEY,
    name {text} NOT NULL,
    parent BIGINT NOT NULL,
    read_on {text} NOT NULL
);

CREATE TABLE address_book (
    userid {text} PRIMARY KEY,
    name {text} NOT NULL,
    departments {text} NOT NULL,
    leads {text} NOT NULL DEFAULT '',
    position {text} NOT NULL DEFAULT '',
    status INTEGER NOT NULL,
    direct_leader {text} NOT NULL DEFAULT '',
    tags {text} NOT NULL DEFAULT '',
    state {text} NOT NULL,
    state_since {text} NOT NULL,
    listed_on {text},
    arrived_on {text},
    joined_on {text},
    read_on {text} NOT NULL
);

CREATE TABLE member_tags (
    id BIGINT PRIMARY KEY,
    name {text} NOT NULL
);

CREATE TABLE member_reads (
    userid {text} PRIMARY KEY,
    wanted_since BIGINT NOT NULL,
    arrived_on {text},
    attempts INTEGER NOT NULL DEFAULT 0,
    next_try_at BIGINT NOT NULL DEFAULT 0,
    error {text} NOT NULL DEFAULT ''
);

CREATE TABLE renames (
    old_userid {text} PRIMARY KEY,
    userid {text} NOT NULL,
    renamed_at BIGINT NOT NULL,
    renamed_by {text} NOT NULL
);
