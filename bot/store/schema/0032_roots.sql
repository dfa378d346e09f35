-- A person's page and a proof ask for the newest root of a closed period; the whole log grows with each act.
CREATE INDEX audit_of_results ON audit (subject, seq)
    WHERE act IN ('close', 'sign', 'correct');
