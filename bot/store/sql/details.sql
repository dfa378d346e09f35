-- name: details_put(userid, external_userid, createtime, customer_type, add_way, state, oper_userid, tags, unionid, mobile_sha256, read_at)*!
-- What WeCom says of one contact; the newest reading wins.
INSERT INTO details (userid, external_userid, createtime, customer_type, add_way, state, oper_userid, tags,
                     unionid, mobile_sha256, read_at)
VALUES (:userid, :external_userid, :createtime, :customer_type, :add_way, :state, :oper_userid, :tags,
        :unionid, :mobile_sha256, :read_at)
ON CONFLICT (userid, external_userid, createtime) DO UPDATE
   SET customer_type = excluded.customer_type,
       add_way = excluded.add_way,
       state = excluded.state,
       oper_userid = excluded.oper_userid,
       tags = excluded.tags,
       unionid = excluded.unionid,
       mobile_sha256 = excluded.mobile_sha256,
       read_at = excluded.read_at;

-- name: details_take_tags(userid, before)!
-- The tags of one employee's list, read at a time or later, where they differ from those of an earlier reading.
UPDATE details
   SET tags = (SELECT listed.tags
                 FROM sync_listed AS listed
                WHERE listed.userid = details.userid
                  AND listed.external_userid = details.external_userid)
 WHERE userid = :userid
   AND read_at < :before
   AND EXISTS (SELECT 1
                 FROM sync_listed AS listed
                WHERE listed.userid = details.userid
                  AND listed.external_userid = details.external_userid
                  AND listed.createtime = details.createtime
                  AND listed.tags <> details.tags);

-- name: details_has(userid, external_userid, createtime)^
-- Were details of this very add read?
SELECT createtime
  FROM details
 WHERE userid = :userid
   AND external_userid = :external_userid
   AND createtime = :createtime;

-- name: reads_want(userid, external_userid, now, due)*!
-- To be read, from the beginning of the tries, whatever was known of it; under the userid that holds now.
INSERT INTO detail_reads (userid, external_userid, wanted_since, next_try_at)
SELECT COALESCE((SELECT renames.userid
                   FROM renames
                  WHERE renames.old_userid = CAST(:userid AS TEXT)), CAST(:userid AS TEXT)),
       CAST(:external_userid AS TEXT), CAST(:now AS BIGINT), CAST(:due AS BIGINT)
 WHERE 0 = 0
ON CONFLICT (userid, external_userid) DO UPDATE
   SET wanted_since = CASE WHEN detail_reads.state = 'wanted' THEN detail_reads.wanted_since
                           ELSE excluded.wanted_since END,
       state = 'wanted',
       marks = detail_reads.marks + 1,
       attempts = 0,
       next_try_at = excluded.next_try_at,
       error = '';

-- name: reads_due(since, now, batch)
-- Relations whose turn has come, and came at a time or later; those that are due longest first.
SELECT userid, external_userid, marks, attempts, error, next_try_at
  FROM detail_reads
 WHERE state = 'wanted'
   AND next_try_at >= :since
   AND next_try_at <= :now
 ORDER BY next_try_at, userid, external_userid
 LIMIT :batch;

-- name: reads_of_customer(external_userid)
-- Relations of one customer that wait, at whatever time: one answer serves them all.
SELECT userid, external_userid, marks, attempts, error
  FROM detail_reads
 WHERE state = 'wanted'
   AND external_userid = :external_userid
 ORDER BY userid;

-- name: reads_done(userid, external_userid, marks)!
-- Read; 0 when it was wanted again meanwhile.
DELETE FROM detail_reads
 WHERE userid = :userid
   AND external_userid = :external_userid
   AND marks = :marks;

-- name: reads_later(userid, external_userid, marks, attempts, next_try_at, error)!
-- Not read; it is tried again.
UPDATE detail_reads
   SET attempts = :attempts,
       next_try_at = :next_try_at,
       error = :error
 WHERE userid = :userid
   AND external_userid = :external_userid
   AND marks = :marks;

-- name: reads_end(userid, external_userid, marks, state, error)!
-- Not read, and not tried again until something happens.
UPDATE detail_reads
   SET state = :state,
       error = :error
 WHERE userid = :userid
   AND external_userid = :external_userid
   AND marks = :marks;

-- name: reads_get(userid, external_userid)^
SELECT state, attempts, next_try_at, wanted_since, error
  FROM detail_reads
 WHERE userid = :userid
   AND external_userid = :external_userid;

-- name: reads_pending()^
SELECT COUNT(*) AS pending
  FROM detail_reads
 WHERE state = 'wanted';

-- name: reads_untried()^
-- How many were not asked about since they were wanted last.
SELECT COUNT(*) AS relations
  FROM detail_reads
 WHERE state = 'wanted'
   AND attempts = 0;

-- name: reads_stuck(attempts)
-- How many wait after so many tries, by what was in the way; the commonest first.
SELECT error, COUNT(*) AS relations
  FROM detail_reads
 WHERE state = 'wanted'
   AND attempts > 0
   AND attempts >= :attempts
 GROUP BY error
 ORDER BY COUNT(*) DESC, error;

-- name: tags_clear_corp()!
-- Before the corp's list is kept anew; tags of rule groups are not in that list.
DELETE FROM corp_tags
 WHERE kind = 1;

-- name: tags_put(id, kind, group_name, name)*!
INSERT INTO corp_tags (id, kind, group_name, name)
VALUES (:id, :kind, :group_name, :name)
ON CONFLICT (id) DO UPDATE
   SET kind = excluded.kind,
       group_name = excluded.group_name,
       name = excluded.name
 WHERE corp_tags.kind <> excluded.kind
    OR corp_tags.group_name <> excluded.group_name
    OR corp_tags.name <> excluded.name;
