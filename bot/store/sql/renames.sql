-- name: rename_of(userid)^
-- Who goes by another userid now.
SELECT userid
  FROM renames
 WHERE old_userid = :userid;

-- name: renames_of(userids)
-- Which of these userids (a list) go by another one now.
SELECT renames.old_userid, renames.userid
  FROM LISTED(:userids) AS listed
 CROSS JOIN renames
 WHERE renames.old_userid = listed.value;

-- name: renames_all()
SELECT old_userid, userid, renamed_at, renamed_by
  FROM renames
 ORDER BY old_userid;

-- name: renames_since(since)
SELECT userid
  FROM renames
 WHERE renamed_at >= :since;

-- name: rename_put(old_userid, userid, renamed_at, renamed_by)!
INSERT INTO renames (old_userid, userid, renamed_at, renamed_by)
VALUES (:old_userid, :userid, :renamed_at, :renamed_by)
ON CONFLICT (old_userid) DO UPDATE
   SET userid = excluded.userid,
       renamed_at = excluded.renamed_at,
       renamed_by = excluded.renamed_by;

-- name: rename_follow(old_userid, userid)!
-- Who was renamed to the old userid goes by the new one as well.
UPDATE renames
   SET userid = :userid
 WHERE userid = :old_userid;

-- name: rename_drop(userid)!
-- A userid that is in use again is no old one any more.
DELETE FROM renames
 WHERE old_userid = :userid;

-- name: rename_traces(userid)^
-- Whether anything is known of a userid.
SELECT (SELECT COUNT(*) FROM relation_events WHERE userid = :userid)
       + (SELECT COUNT(*) FROM members WHERE userid = :userid)
       + (SELECT COUNT(*) FROM address_book WHERE userid = :userid)
       + (SELECT COUNT(*) FROM renames WHERE old_userid = :userid) AS traces;

-- name: rename_relation_events(old_userid, userid)!
-- Facts about relations, once each; of two states the greater one stays, as at their first arrival.
INSERT INTO relation_events (userid, external_userid, at, kind, origin, state, recorded_at)
SELECT CAST(:userid AS TEXT), external_userid, at, kind, origin, state, recorded_at
  FROM relation_events
 WHERE userid = :old_userid
ON CONFLICT (userid, external_userid, at, kind) DO UPDATE
   SET state = excluded.state
 WHERE excluded.state > relation_events.state;

-- name: rename_relations(old_userid)
-- The customers of a userid.
SELECT DISTINCT external_userid
  FROM relation_events
 WHERE userid = :old_userid
 ORDER BY external_userid;

-- name: rename_absences(old_userid, userid)!
INSERT INTO absences (userid, first_day, last_day, kind)
SELECT CAST(:userid AS TEXT), first_day, last_day, kind
  FROM absences
 WHERE userid = :old_userid
ON CONFLICT (userid, first_day, last_day) DO NOTHING;

-- name: rename_details(old_userid, userid)!
INSERT INTO details (userid, external_userid, createtime, customer_type, add_way, state, oper_userid, tags,
                     unionid, mobile_sha256, read_at)
SELECT CAST(:userid AS TEXT), external_userid, createtime, customer_type, add_way, state, oper_userid, tags,
       unionid, mobile_sha256, read_at
  FROM details
 WHERE userid = :old_userid
ON CONFLICT (userid, external_userid, createtime) DO NOTHING;

-- name: rename_detail_reads(old_userid, userid)!
-- Reads that are still to come, from the beginning of the tries; what ended before it was read stays so.
INSERT INTO detail_reads (userid, external_userid, state, wanted_since, error)
SELECT CAST(:userid AS TEXT), external_userid,
       CASE WHEN state = 'ended' THEN 'ended' ELSE 'wanted' END,
       wanted_since,
       CASE WHEN state = 'ended' THEN error ELSE '' END
  FROM detail_reads
 WHERE userid = :old_userid
ON CONFLICT (userid, external_userid) DO NOTHING;

-- name: rename_customer_names(old_userid, userid)!
-- What customers are called; of one that is there under both userids the new one's stays.
INSERT INTO customer_names (userid, external_userid, name, remark, read_at)
SELECT CAST(:userid AS TEXT), external_userid, name, remark, read_at
  FROM customer_names
 WHERE userid = :old_userid
ON CONFLICT (userid, external_userid) DO NOTHING;

-- name: rename_erased(old_userid, userid)!
-- Contacts that were erased.
INSERT INTO erased (mark, userid)
SELECT mark, CAST(:userid AS TEXT)
  FROM erased
 WHERE userid = :old_userid
ON CONFLICT (mark, userid) DO NOTHING;

-- name: rename_managers(old_userid, userid)!
-- Whose book a customer is in, as the bank said it.
UPDATE facts
   SET manager = :userid
 WHERE manager = :old_userid;

-- name: rename_reviews(old_userid, userid)!
-- Appeals and decisions; of a case that is open under both userids the new one's goes on.
UPDATE reviews
   SET userid = :userid
 WHERE userid = :old_userid
   AND (state <> 'open'
        OR NOT EXISTS (SELECT 1
                         FROM reviews AS other
                        WHERE other.kind = reviews.kind
                          AND other.quota = reviews.quota
                          AND other.userid = :userid
                          AND other.external_userid = reviews.external_userid
                          AND other.added_at = reviews.added_at
                          AND other.state = 'open'));

-- name: rename_reviews_clear(old_userid)!
UPDATE reviews
   SET state = 'released'
 WHERE userid = :old_userid
   AND state = 'open';

-- name: rename_sync_readings(old_userid, userid)!
-- Up to when WeCom's list of a userid is accounted for; of two, the later.
INSERT INTO sync_readings (userid, read_at)
SELECT CAST(:userid AS TEXT), read_at
  FROM sync_readings
 WHERE userid = :old_userid
ON CONFLICT (userid) DO UPDATE
   SET read_at = excluded.read_at
 WHERE excluded.read_at > sync_readings.read_at;

-- name: rename_sync_losses(old_userid, userid)!
-- Losses that wait for a person's word.
INSERT INTO sync_losses (userid, external_userid, at, is_gone)
SELECT CAST(:userid AS TEXT), external_userid, at, is_gone
  FROM sync_losses
 WHERE userid = :old_userid
ON CONFLICT (userid, external_userid) DO NOTHING;

-- name: rename_engagement(old_userid, userid)!
-- Behaviour figures; of a day that is there under both userids the new one's stays.
INSERT INTO engagement (userid, day, chats, messages, reply_rate, first_reply_s, losses, applied, added,
                        is_final, read_at)
SELECT CAST(:userid AS TEXT), day, chats, messages, reply_rate, first_reply_s, losses, applied, added, is_final,
       read_at
  FROM engagement
 WHERE userid = :old_userid
ON CONFLICT (userid, day) DO NOTHING;

-- name: rename_engagement_members(old_userid, userid)!
-- Whoever is still to be read in a reading that is under way is read under the new userid.
INSERT INTO engagement_members (userid, state, error)
SELECT CAST(:userid AS TEXT), state, error
  FROM engagement_members
 WHERE userid = :old_userid
ON CONFLICT (userid) DO NOTHING;

-- name: rename_findings(old_userid)
-- Questions about a userid's adds.
SELECT kind, subject, concerned
  FROM findings
 WHERE userid = :old_userid
 ORDER BY kind, subject;

-- name: rename_finding(kind, subject, old_userid, userid, concerned)!
-- One question; what was asked under the new userid as well stays where it is.
UPDATE findings
   SET userid = :userid,
       concerned = :concerned
 WHERE kind = :kind
   AND userid = :old_userid
   AND subject = :subject
   AND NOT EXISTS (SELECT 1
                     FROM findings AS other
                    WHERE other.kind = :kind
                      AND other.userid = :userid
                      AND other.subject = :subject);

-- name: rename_messages(old_userid)
-- Messages of a userid, with what names them.
SELECT seq, key, state, request_hash
  FROM outbox
 WHERE to_userid = :old_userid
 ORDER BY seq;

-- name: rename_message(seq, key, to_userid)!
UPDATE outbox
   SET key = :key,
       to_userid = :to_userid
 WHERE seq = :seq
   AND NOT EXISTS (SELECT 1
                     FROM outbox AS other
                    WHERE other.key = :key
                      AND other.seq <> :seq);
