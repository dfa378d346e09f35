-- WeCom's behaviour figures: of members and teams by day of China, and the reading that is under way.

CREATE TABLE engagement (
    userid {text} NOT NULL,
    day {text} NOT NULL,
    chats BIGINT,
    messages BIGINT,
    reply_rate BIGINT,
    first_reply_s BIGINT,
    losses BIGINT,
    applied BIGINT,
    added BIGINT,
    is_final INTEGER NOT NULL DEFAULT 0,
    read_at BIGINT NOT NULL,
    PRIMARY KEY (userid, day)
);
CREATE INDEX engagement_by_day ON engagement (day);
CREATE INDEX engagement_by_reading ON engagement (read_at, userid);

CREATE TABLE engagement_teams (
    department BIGINT NOT NULL,
    day {text} NOT NULL,
    method {text} NOT NULL,
    people BIGINT NOT NULL,
    reply_rate BIGINT,
    first_reply_s BIGINT,
    run BIGINT NOT NULL,
    read_at BIGINT NOT NULL,
    PRIMARY KEY (department, day)
);

CREATE TABLE engagement_runs (
    number {identity},
    last_day {text} NOT NULL,
    began_at BIGINT NOT NULL,
    state {text} NOT NULL DEFAULT 'reading',
    ended_at BIGINT,
    error {text} NOT NULL DEFAULT ''
);

CREATE TABLE engagement_members (
    userid {text} PRIMARY KEY,
    state {text} NOT NULL DEFAULT 'wanted',
    error {text} NOT NULL DEFAULT ''
);
CREATE INDEX engagement_members_by_state ON engagement_members (state, userid);
