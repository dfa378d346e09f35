-- How many reading calls the whole installation may begin, how many may be under way, and what WeCom refuses.

CREATE TABLE read_apis (
    api {text} PRIMARY KEY,
    blocked_until BIGINT NOT NULL DEFAULT 0,
    blocks INTEGER NOT NULL DEFAULT 0,
    rests_until BIGINT NOT NULL DEFAULT 0,
    parallel INTEGER NOT NULL DEFAULT 0,
    lowered_at BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE read_grants (
    api {text} NOT NULL,
    slot BIGINT NOT NULL,
    calls BIGINT NOT NULL,
    PRIMARY KEY (api, slot)
);

CREATE TABLE read_flights (
    api {text} NOT NULL,
    holder {text} NOT NULL,
    places INTEGER NOT NULL,
    since BIGINT NOT NULL,
    until BIGINT NOT NULL,
    PRIMARY KEY (api, holder)
);
