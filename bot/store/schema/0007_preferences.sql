-- What people say to the app: what they want to be spared, what they ask; what was not told them, what they are on.

CREATE TABLE mutes (
    userid {text} PRIMARY KEY,
    until BIGINT NOT NULL,
    since BIGINT NOT NULL,
    way {text} NOT NULL
);

CREATE TABLE leaves_said (
    userid {text} NOT NULL,
    first_day {text} NOT NULL,
    last_day {text} NOT NULL,
    said_at BIGINT NOT NULL,
    PRIMARY KEY (userid, first_day, last_day)
);

CREATE TABLE help_wishes (
    userid {text} NOT NULL,
    day {text} NOT NULL,
    wished_at BIGINT NOT NULL,
    PRIMARY KEY (userid, day)
);

CREATE TABLE lists_shown (
    userid {text} NOT NULL,
    number BIGINT NOT NULL,
    external_userid {text} NOT NULL,
    shown_at BIGINT NOT NULL,
    PRIMARY KEY (userid, number)
);

CREATE TABLE words (
    msgid {text} PRIMARY KEY,
    userid {text} NOT NULL,
    text {text} NOT NULL,
    way {text} NOT NULL,
    said_at BIGINT NOT NULL,
    state {text} NOT NULL DEFAULT 'open'
);
CREATE INDEX words_open ON words (said_at, msgid) WHERE state = 'open';

CREATE TABLE unasked_days (
    userid {text} NOT NULL,
    day {text} NOT NULL,
    number BIGINT NOT NULL,
    PRIMARY KEY (userid, day)
);

CREATE TABLE withheld (
    key {text} PRIMARY KEY,
    job {text} NOT NULL,
    userid {text} NOT NULL,
    day {text} NOT NULL,
    reason {text} NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX withheld_by_day ON withheld (day);

CREATE TABLE attachments (
    id {text} PRIMARY KEY,
    filename {text} NOT NULL,
    body {bytes} NOT NULL,
    made_at BIGINT NOT NULL
);

CREATE TABLE exports (
    id {text} NOT NULL,
    userid {text} NOT NULL,
    by_userid {text} NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (id, userid)
);
CREATE INDEX exports_of ON exports (userid, at);
