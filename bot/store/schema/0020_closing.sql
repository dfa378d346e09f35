-- The monthly cap on deductions as the file said it: from which local day on, in yuan (0: none). A month has the
-- cap of its first day.

CREATE TABLE cap_versions (
    since {text} NOT NULL,
    cap BIGINT NOT NULL,
    recorded_at BIGINT NOT NULL,
    PRIMARY KEY (since)
);

-- Short marks of the contacts that counted at the close, so that a signature can leave out late losses.

ALTER TABLE results ADD COLUMN counted {text} NOT NULL DEFAULT '';
