-- Who has a word in hand, and until when (real epoch s): of several processes one answers it.

ALTER TABLE words ADD COLUMN claimed_by {text} NOT NULL DEFAULT '';

ALTER TABLE words ADD COLUMN claimed_until BIGINT NOT NULL DEFAULT 0;
