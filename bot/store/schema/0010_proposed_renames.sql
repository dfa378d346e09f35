-- Pairs of userids that may be one person: what comparing with WeCom's lists proposes, and what was decided.

CREATE TABLE proposed_renames (
    old_userid {text} NOT NULL,
    userid {text} NOT NULL,
    same BIGINT NOT NULL,
    living BIGINT NOT NULL,
    proposed_at BIGINT NOT NULL,
    told INTEGER NOT NULL DEFAULT 0,
    told_at BIGINT,
    state {text} NOT NULL DEFAULT 'open',
    decided_by {text} NOT NULL DEFAULT '',
    decided_at BIGINT,
    reason {text} NOT NULL DEFAULT '',
    PRIMARY KEY (old_userid, userid)
);
CREATE UNIQUE INDEX proposed_renames_old ON proposed_renames (old_userid) WHERE state = 'open';
CREATE UNIQUE INDEX proposed_renames_new ON proposed_renames (userid) WHERE state = 'open';
