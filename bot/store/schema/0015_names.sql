-- What an employee's customer is called, only while `privacy.store_customer_names` is true: the customer's own
-- name, and the remark that the employee gave. A message that says names is private: its text with them is
-- forgotten as soon as it is sent or given up.

CREATE TABLE customer_names (
    userid {text} NOT NULL,
    external_userid {text} NOT NULL,
    name {text} NOT NULL,
    remark {text} NOT NULL,
    read_at BIGINT NOT NULL,
    PRIMARY KEY (userid, external_userid)
);

ALTER TABLE outbox ADD COLUMN private INTEGER NOT NULL DEFAULT 0;
