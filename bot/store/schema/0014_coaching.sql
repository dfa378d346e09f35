-- Whom a leader said he will help, once a day; with the pace (in hundredths) that the person had then.

CREATE TABLE coaching (
    leader {text} NOT NULL,
    userid {text} NOT NULL,
    day {text} NOT NULL,
    marked_at BIGINT NOT NULL,
    quota {text} NOT NULL DEFAULT '',
    pace BIGINT,
    PRIMARY KEY (leader, userid, day)
);
CREATE INDEX coaching_by_day ON coaching (day);
