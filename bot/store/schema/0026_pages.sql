-- Pages: how often people logged out, and what a person's own page asks of statements and of closed periods.

CREATE TABLE logouts (
    userid {text} PRIMARY KEY,
    number BIGINT NOT NULL
);

ALTER TABLE daily_statements ADD COLUMN userid {text} NOT NULL DEFAULT '';
ALTER TABLE daily_statements ADD COLUMN day {text} NOT NULL DEFAULT '';

CREATE INDEX daily_statements_of ON daily_statements (userid, day);
CREATE INDEX results_of ON results (userid);
