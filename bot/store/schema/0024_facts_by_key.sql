-- The numbers of a bank are worked out piece by piece, and each piece looks up what the bank says of its customers.
CREATE INDEX facts_by_key ON facts (key);
