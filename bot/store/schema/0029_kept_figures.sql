-- What needs everybody's figures: ranks, teams, sums. It replaces the kept places of `ranks`.
DROP TABLE ranks;

CREATE TABLE figures (
    userid {text} NOT NULL,
    quota {text} NOT NULL,
    period {text} NOT NULL,
    department BIGINT,
    role {text},
    target BIGINT NOT NULL,
    counted BIGINT NOT NULL,
    is_ranked INTEGER NOT NULL,
    line {text} NOT NULL,
    kept BIGINT NOT NULL,
    recent BIGINT NOT NULL,
    latest BIGINT,
    earlier BIGINT,
    as_of BIGINT NOT NULL,
    is_stale BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (userid, quota, period)
);

CREATE INDEX figures_ranked ON figures (quota, period, department, role, counted, target, as_of) WHERE is_ranked = 1;

CREATE INDEX figures_stale ON figures (userid) WHERE is_stale > 0;
