-- Short marks of the contacts that counted at the close, so that a signature can leave out late losses.

ALTER TABLE results ADD COLUMN counted {text} NOT NULL DEFAULT '';
