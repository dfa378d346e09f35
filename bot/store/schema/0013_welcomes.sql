-- Welcome messages: each code is claimed once. The code itself is a key to a customer's chat and not kept.

CREATE TABLE welcomes (
    code_hash {text} PRIMARY KEY,
    happened_at BIGINT NOT NULL,
    claimed_at BIGINT NOT NULL,
    state {text} NOT NULL,
    errcode INTEGER NOT NULL DEFAULT 0,
    finished_at BIGINT
);
CREATE INDEX welcomes_by_time ON welcomes (claimed_at);

-- A group robot that WeCom refuses, under the configuration that it was refused with.
CREATE TABLE robots_off (
    name {text} PRIMARY KEY,
    configured {text} NOT NULL,
    errcode INTEGER NOT NULL,
    error {text} NOT NULL,
    since BIGINT NOT NULL
);
