-- name: reviews_decided()
-- Decisions about contacts, oldest first. A rejected appeal is none: the contact keeps its own verdict.
SELECT quota, userid, external_userid, added_at, state
  FROM reviews
 WHERE (state = 'accepted' OR (state = 'rejected' AND kind = 'held'))
 ORDER BY decided_at, number;

-- name: reviews_open_one(kind, quota, period, userid, external_userid, added_at, opened_at, text)*!
-- A case about a contact; 0 while one of its kind is open, or when one was decided.
INSERT INTO reviews (kind, quota, period, userid, external_userid, added_at, opened_at, text)
SELECT CAST(:kind AS TEXT), CAST(:quota AS TEXT), CAST(:period AS TEXT), CAST(:userid AS TEXT),
       CAST(:external_userid AS TEXT), CAST(:added_at AS BIGINT), CAST(:opened_at AS BIGINT), CAST(:text AS TEXT)
 WHERE NOT EXISTS (SELECT 1
                     FROM reviews AS decided
                    WHERE decided.kind = :kind
                      AND decided.quota = :quota
                      AND decided.userid = :userid
                      AND decided.external_userid = :external_userid
                      AND decided.added_at = :added_at
                      AND decided.state IN ('accepted', 'rejected'))
ON CONFLICT (kind, quota, userid, external_userid, added_at) WHERE state = 'open' DO NOTHING;

-- name: reviews_of_contact(userid, external_userid, added_at)
-- All that was ever asked about a contact.
SELECT number, kind, quota, period, userid, external_userid, added_at, opened_at, text, told, told_at,
       state, decided_by, decided_at, reason
  FROM reviews
 WHERE userid = :userid
   AND external_userid = :external_userid
   AND added_at = :added_at
 ORDER BY number;

-- name: reviews_of_person(userid)
-- All that was ever asked about the contacts of one person.
SELECT number, kind, quota, period, userid, external_userid, added_at, opened_at, text, told, told_at,
       state, decided_by, decided_at, reason
  FROM reviews
 WHERE userid = :userid
 ORDER BY number;

-- name: reviews_all_open()
-- What waits for a decision.
SELECT number, kind, quota, period, userid, external_userid, added_at, opened_at, text, told, told_at,
       state, decided_by, decided_at, reason
  FROM reviews
 WHERE state = 'open'
 ORDER BY number;

-- name: reviews_decide(number, state, by, at, reason)!
-- A decision, or that none is needed any more; 0 when there was one.
UPDATE reviews
   SET state = :state,
       decided_by = :by,
       decided_at = :at,
       reason = :reason
 WHERE number = :number
   AND state = 'open';

-- name: reviews_tell(number, told, at)!
-- So many levels were asked, the last of them at this time.
UPDATE reviews
   SET told = :told,
       told_at = :at
 WHERE number = :number
   AND told < :told;

-- name: reviews_decided_of(userid)
-- The same of one employee's contacts, with their authors.
SELECT quota, userid, external_userid, added_at, state, decided_by, decided_at, reason
  FROM reviews
 WHERE userid = :userid
   AND (state = 'accepted' OR (state = 'rejected' AND kind = 'held'))
 ORDER BY decided_at, number;

-- name: findings_decided()
-- Decisions on findings, with the adds that they named.
SELECT kind, userid, subject, on_day, concerned, state, decided_by, decided_at, reason
  FROM findings
 WHERE state IN ('confirmed', 'cleared')
 ORDER BY kind, userid, subject;

-- name: findings_names()
-- Everything that was ever asked.
SELECT kind, userid, subject
  FROM findings
 ORDER BY kind, userid, subject;

-- name: findings_ask(kind, userid, subject, on_day, concerned, evidence, at)!
-- A question, once; 0 when it was asked before.
INSERT INTO findings (kind, userid, subject, on_day, concerned, evidence, asked_at)
VALUES (:kind, :userid, :subject, :on_day, :concerned, :evidence, :at)
ON CONFLICT (kind, userid, subject) DO NOTHING;

-- name: findings_open()
-- What waits for an answer or a decision.
SELECT kind, userid, subject, on_day, concerned, evidence, asked_at, answer, answered_at, told, told_at
  FROM findings
 WHERE state = 'open'
 ORDER BY asked_at, userid, kind, subject;

-- name: findings_open_of(userid)
-- The same about one employee.
SELECT kind, userid, subject, on_day, concerned, evidence, asked_at, answer, answered_at, told, told_at
  FROM findings
 WHERE state = 'open'
   AND userid = :userid
 ORDER BY asked_at, kind, subject;

-- name: findings_answer(kind, userid, subject, answer, at)!
-- What the person says; 0 when it was decided or answered already.
UPDATE findings
   SET answer = :answer,
       answered_at = :at
 WHERE kind = :kind
   AND userid = :userid
   AND subject = :subject
   AND state = 'open'
   AND answered_at IS NULL;

-- name: findings_decide(kind, userid, subject, state, by, at, reason)!
-- A decision; 0 when there was one.
UPDATE findings
   SET state = :state,
       decided_by = :by,
       decided_at = :at,
       reason = :reason
 WHERE kind = :kind
   AND userid = :userid
   AND subject = :subject
   AND state = 'open';

-- name: findings_tell(kind, userid, subject, told, at)!
-- So many levels were asked, the last of them at this time.
UPDATE findings
   SET told = :told,
       told_at = :at
 WHERE kind = :kind
   AND userid = :userid
   AND subject = :subject
   AND told < :told;
