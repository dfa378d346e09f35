-- What the processes of an installation have counted so far, for the metrics.

CREATE TABLE counters (
    name {text} NOT NULL,
    label {text} NOT NULL,
    value BIGINT NOT NULL,
    PRIMARY KEY (name, label)
);
