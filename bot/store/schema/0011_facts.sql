-- What the bank says of one customer is one row, and rows stand in the order in which they came: an import of any
-- length only writes at the end of the table. Of two rows of one key the later one holds; a row above the mark
-- facts_upto belongs to an import that is not done.
ALTER TABLE facts RENAME TO facts_by_cell;

CREATE TABLE facts (
    number {identity},
    key_kind {text} NOT NULL,
    key {text} NOT NULL,
    manager {text},
    said {text} NOT NULL
);

INSERT INTO facts (key_kind, key, manager, said)
SELECT key_kind, key, MAX(CASE WHEN fact = 'manager' THEN value END),
       COALESCE(CAST({object_of}(fact, value) FILTER (WHERE fact <> 'manager') AS TEXT), '{{}}')
  FROM facts_by_cell
 GROUP BY key_kind, key;

INSERT INTO marks (name, value)
SELECT 'facts_upto', CAST(MAX(number) AS TEXT)
  FROM facts
HAVING COUNT(*) > 0;

DROP TABLE facts_by_cell;
