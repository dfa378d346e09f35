-- name: statement_key(month)^
SELECT key
  FROM statement_keys
 WHERE month = :month;

-- name: statement_key_add(month, key)!
-- The month's key; of two processes that make one the first stays.
INSERT INTO statement_keys (month, key)
VALUES (:month, :key)
ON CONFLICT (month) DO NOTHING;

-- name: daily_statement_add(code, month, body, userid, day)!
-- A statement that was given out; the same one again is the same row.
INSERT INTO daily_statements (code, month, body, userid, day)
VALUES (:code, :month, :body, :userid, :day)
ON CONFLICT (code) DO NOTHING;

-- name: daily_statement(code)^
SELECT month, body
  FROM daily_statements
 WHERE code = :code;

-- name: wrong_codes_of(asker, hour)^
SELECT number
  FROM wrong_codes
 WHERE asker = :asker
   AND hour = :hour;

-- name: wrong_code_note(asker, hour)!
INSERT INTO wrong_codes (asker, hour, number)
VALUES (:asker, :hour, 1)
ON CONFLICT (asker, hour) DO UPDATE
   SET number = wrong_codes.number + 1;

-- name: wrong_codes_clear(hour)!
-- What no limit looks at any more.
DELETE FROM wrong_codes
 WHERE hour < :hour;

-- name: daily_statements_of(userid, first)
-- What was given out to one person, the newest day first; several of a day are in no order.
SELECT code, month, body, day
  FROM daily_statements
 WHERE userid = :userid
   AND day >= :first
 ORDER BY day DESC, code;
