-- Finished events and messages leave their tables after a while. What names them stays here, so that neither an
-- old event nor an old message is taken for a new one.

CREATE TABLE inbox_hashes (
    hash {text} PRIMARY KEY
){clustered};

CREATE TABLE outbox_keys (
    key {text} PRIMARY KEY
){clustered};
