-- name: proposals_put(old_userid, userid, same, living, at)*!
-- The two may be one person; what was decided or given up before is asked anew, but not what was refused.
INSERT INTO proposed_renames (old_userid, userid, same, living, proposed_at)
VALUES (:old_userid, :userid, :same, :living, :at)
ON CONFLICT (old_userid, userid) DO UPDATE
   SET same = excluded.same,
       living = excluded.living,
       proposed_at = excluded.proposed_at,
       told = 0,
       told_at = NULL,
       state = 'open',
       decided_by = '',
       decided_at = NULL,
       reason = ''
 WHERE proposed_renames.state IN ('accepted', 'released');

-- name: proposals_open()
-- What waits for a decision.
SELECT old_userid, userid, same, living, proposed_at, told, told_at
  FROM proposed_renames
 WHERE state = 'open'
 ORDER BY proposed_at, old_userid;

-- name: proposals_refused()
SELECT old_userid, userid
  FROM proposed_renames
 WHERE state = 'rejected'
 ORDER BY old_userid, userid;

-- name: proposals_end(old_userid, userid, state, by, at, reason)!
-- A decision, or that none is needed any more; 0 when it was not open.
UPDATE proposed_renames
   SET state = :state,
       decided_by = :by,
       decided_at = :at,
       reason = :reason
 WHERE old_userid = :old_userid
   AND userid = :userid
   AND state = 'open';

-- name: proposals_tell(old_userid, userid, told, at)!
-- So many levels were asked, the last of them at this time.
UPDATE proposed_renames
   SET told = :told,
       told_at = :at
 WHERE old_userid = :old_userid
   AND userid = :userid
   AND told < :told;

-- name: proposals_living(old_userid)
-- The living relations of a userid, each with every moment at which it is known to have begun.
SELECT external_userid, added_at AS moment
  FROM adds
 WHERE userid = :old_userid
   AND ended_at IS NULL
 UNION
SELECT details.external_userid, details.createtime AS moment
  FROM details
  JOIN adds ON adds.userid = details.userid
           AND adds.external_userid = details.external_userid
 WHERE details.userid = :old_userid
   AND adds.ended_at IS NULL;

-- name: proposals_listed(old_userid)
-- Where the customers of a userid stand in the complete lists of those whose lists were never read before, or
-- who had nobody yet.
SELECT listed.userid, listed.external_userid, listed.createtime
  FROM adds
  JOIN sync_listed AS listed ON listed.external_userid = adds.external_userid
  JOIN sync_members ON sync_members.userid = listed.userid
 WHERE adds.userid = :old_userid
   AND adds.ended_at IS NULL
   AND listed.userid <> :old_userid
   AND sync_members.state = 'read'
   AND (NOT EXISTS (SELECT 1
                      FROM sync_readings
                     WHERE sync_readings.userid = listed.userid)
        OR NOT EXISTS (SELECT 1
                         FROM adds AS own
                        WHERE own.userid = listed.userid))
   AND NOT EXISTS (SELECT 1
                     FROM proposed_renames
                    WHERE proposed_renames.userid = listed.userid
                      AND proposed_renames.state = 'open');
