-- What one answer asks of large tables, and ranks among so many that they are worked out beforehand.

CREATE INDEX facts_by_key ON facts (key);

CREATE TABLE ranks (
    quota {text} NOT NULL,
    period {text} NOT NULL,
    as_of BIGINT NOT NULL,
    places {text} NOT NULL,
    PRIMARY KEY (quota, period)
);
