-- Places among so many people that nobody can wait for them: worked out from time to time, the newest kept.

CREATE TABLE ranks (
    quota {text} NOT NULL,
    period {text} NOT NULL,
    as_of BIGINT NOT NULL,
    places {text} NOT NULL,
    PRIMARY KEY (quota, period)
);
