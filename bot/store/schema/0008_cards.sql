-- Messages that are template cards: the ways to send them in their order, the card's task, and what was refused.

ALTER TABLE outbox ADD COLUMN forms {text} NOT NULL DEFAULT '';

ALTER TABLE outbox ADD COLUMN task_id {text} NOT NULL DEFAULT '';

ALTER TABLE outbox ADD COLUMN refused_forms {text} NOT NULL DEFAULT '';

CREATE INDEX outbox_task ON outbox (task_id) WHERE task_id <> '';
