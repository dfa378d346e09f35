-- For those who observe an installation. What its processes have counted so far, for the metrics.

CREATE TABLE counters (
    name {text} NOT NULL,
    label {text} NOT NULL,
    value BIGINT NOT NULL,
    PRIMARY KEY (name, label)
);

-- What made the bot write a message: the callback (first 12 characters of its hash) or the firing of a job.
ALTER TABLE outbox ADD COLUMN ref {text} NOT NULL DEFAULT '';

-- The callback with which a word came.
ALTER TABLE words ADD COLUMN ref {text} NOT NULL DEFAULT '';
