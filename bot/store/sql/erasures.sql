-- name: erased_has(mark, userid)^
-- Whether a contact of an employee was erased, under whatever userid they went then.
SELECT 1 AS found
  FROM erased
 WHERE mark = :mark
   AND userid IN (SELECT CAST(:userid AS TEXT)
                   UNION
                  SELECT renames.userid
                    FROM renames
                   WHERE renames.old_userid = :userid);

-- name: erased_any()^
SELECT 1 AS found
  FROM erased
 LIMIT 1;

-- name: erased_marks()
SELECT DISTINCT mark
  FROM erased;

-- name: erased_all()
SELECT mark, userid
  FROM erased
 ORDER BY mark, userid;

-- name: erase_contacts()
-- Every contact, with whom.
SELECT userid, external_userid
  FROM relation_events
 UNION
SELECT userid, external_userid
  FROM detail_reads
 UNION
SELECT userid, external_userid
  FROM details;

-- name: erased_put(mark, userid)*!
INSERT INTO erased (mark, userid)
VALUES (:mark, :userid)
ON CONFLICT (mark, userid) DO NOTHING;

-- name: erase_relations(customer)
-- Whose contact a customer is or was, and what else names the customer.
SELECT userid, '' AS unionid, '' AS mobile_sha256, '' AS name, '' AS remark
  FROM relation_events
 WHERE external_userid = :customer
 UNION
SELECT userid, '', '', '', ''
  FROM detail_reads
 WHERE external_userid = :customer
 UNION
SELECT userid, unionid, mobile_sha256, '', ''
  FROM details
 WHERE external_userid = :customer
 UNION
SELECT userid, unionid, mobile_sha256, '', ''
  FROM sync_listed
 WHERE external_userid = :customer
 UNION
SELECT userid, '', '', name, remark
  FROM customer_names
 WHERE external_userid = :customer;

-- name: erase_shared(needle, customer)^
-- Whether another customer has the same unionid or number.
SELECT 1 AS found
  FROM details
 WHERE external_userid <> :customer
   AND (unionid = :needle OR HOLDS(mobile_sha256, :needle))
 LIMIT 1;

-- name: erase_adds(customer)
SELECT userid, added_at
  FROM adds
 WHERE external_userid = :customer;

-- name: erase_counted(userid, needle, instead)!
-- The mark of a contact in closed lines of an employee, under whatever userid.
UPDATE results
   SET counted = REPLACE(counted, :needle, :instead)
 WHERE HOLDS(counted, :needle)
   AND userid IN (SELECT CAST(:userid AS TEXT)
                   UNION
                  SELECT old_userid
                    FROM renames
                   WHERE renames.userid = :userid);

-- name: erase_reviews(customer)!
-- What people wrote about this customer; who decided, and how, stays.
UPDATE reviews
   SET text = '',
       reason = CASE WHEN reason = '' THEN '' ELSE 'erased' END
 WHERE external_userid = :customer;

-- name: erase_details(customer)!
-- What counting needs stays: type, way, channel, tags.
UPDATE details
   SET unionid = '',
       mobile_sha256 = ''
 WHERE external_userid = :customer;

-- name: facts_called_so(keys)
-- What the bank says under one of these keys (a list).
SELECT number, key_kind, key, manager, said
  FROM facts
 WHERE key_kind IN ('external_userid', 'unionid', 'mobile_sha256')
   AND key IN (SELECT value FROM LISTED(:keys) AS listed);

-- name: facts_drop_others(keys, number)!
DELETE FROM facts
 WHERE key_kind IN ('external_userid', 'unionid', 'mobile_sha256')
   AND number <> :number
   AND key IN (SELECT value FROM LISTED(:keys) AS listed);

-- name: facts_rename(number, key, manager, said)!
UPDATE facts
   SET key_kind = 'external_userid',
       key = :key,
       manager = CAST(:manager AS TEXT),
       said = :said
 WHERE number = :number;

-- name: erase_find_events(needle)
SELECT seq
  FROM inbox
 WHERE HOLDS(body, :needle);

-- name: erase_find_requests(needle)
SELECT seq
  FROM outbox
 WHERE HOLDS(request, :needle);

-- name: erase_find_spoken(sender, needle)
-- What an employee said to the app, as it was received.
SELECT seq
  FROM inbox
 WHERE state NOT IN ('pending', 'dead')
   AND HOLDS(body, :sender)
   AND HOLDS(body, :needle);

-- name: erase_find_private(userid, needle)
-- Messages to an employee that say names.
SELECT seq
  FROM outbox
 WHERE to_userid = :userid
   AND (HOLDS(content, :needle) OR HOLDS(forms, :needle)
        OR (private = 1 AND (forms <> '' OR request IS NOT NULL)));

-- name: erase_events(seqs)!
-- Events that name the customer; one that waits can never be handled.
UPDATE inbox
   SET body = NO_BYTES,
       state = CASE WHEN state IN ('pending', 'dead') THEN 'dropped' ELSE state END
 WHERE seq IN (SELECT CAST(value AS BIGINT) FROM LISTED(:seqs) AS listed);

-- name: erase_spoken(seqs)!
UPDATE inbox
   SET body = NO_BYTES
 WHERE seq IN (SELECT CAST(value AS BIGINT) FROM LISTED(:seqs) AS listed);

-- name: erase_requests(seqs)!
-- Messages whose request names the customer; one that waits is not sent, and may have been.
UPDATE outbox
   SET request = NULL,
       forms = '',
       msgtype = CASE WHEN msgtype = 'template_card' THEN 'text' ELSE msgtype END,
       state = CASE WHEN state = 'pending' THEN 'dropped' ELSE state END
 WHERE seq IN (SELECT CAST(value AS BIGINT) FROM LISTED(:seqs) AS listed);

-- name: erase_private(seqs)!
-- A private message goes on without names unless it was tried; the text of another one goes.
UPDATE outbox
   SET content = CASE WHEN private = 1 THEN content ELSE '' END,
       forms = '',
       request = NULL,
       msgtype = CASE WHEN msgtype = 'template_card' THEN 'text' ELSE msgtype END,
       state = CASE WHEN state = 'pending' AND (request IS NOT NULL OR private = 0) THEN 'dropped' ELSE state END
 WHERE seq IN (SELECT CAST(value AS BIGINT) FROM LISTED(:seqs) AS listed);

-- name: erase_said(userid, needle)!
UPDATE words
   SET text = ''
 WHERE userid = :userid
   AND HOLDS(text, :needle);

-- name: erase_answers(userid, needle)!
UPDATE findings
   SET answer = REPLACE(answer, :needle, '…'),
       reason = REPLACE(reason, :needle, '…')
 WHERE userid = :userid
   AND (HOLDS(answer, :needle) OR HOLDS(reason, :needle));

-- name: erase_cases(userid, needle)!
UPDATE reviews
   SET text = REPLACE(text, :needle, '…'),
       reason = REPLACE(reason, :needle, '…')
 WHERE userid = :userid
   AND (HOLDS(text, :needle) OR HOLDS(reason, :needle));

-- name: inbox_empty(seq)!
-- An event of which nothing may be kept but its hash.
UPDATE inbox
   SET body = NO_BYTES
 WHERE seq = :seq;
