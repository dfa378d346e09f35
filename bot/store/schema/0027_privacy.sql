-- One-way marks of customers who were erased, with the employees whose contacts they were: what comes of them later
-- is not stored. And a random salt for each line of a closed period, so that a proof of one line says nothing of
-- others.

CREATE TABLE erased (
    mark {text} NOT NULL,
    userid {text} NOT NULL,
    PRIMARY KEY (mark, userid)
);

ALTER TABLE results ADD COLUMN salt {text} NOT NULL DEFAULT '';
