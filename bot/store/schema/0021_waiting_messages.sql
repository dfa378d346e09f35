-- Messages without a daily slot wait in the outbox (state waiting) until another message to the same person
-- carries them (state carried; the receipt is the key of the carrier).

CREATE INDEX outbox_waiting ON outbox (to_userid) WHERE state IN ('waiting', 'carried');
