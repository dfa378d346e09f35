-- name: names_put(userid, external_userid, name, remark, read_at, since)*!
-- What a customer is called; a row that says the same stays. None of a contact that ended before the moment.
INSERT INTO customer_names (userid, external_userid, name, remark, read_at)
SELECT CAST(:userid AS TEXT), CAST(:external_userid AS TEXT), CAST(:name AS TEXT), CAST(:remark AS TEXT),
       CAST(:read_at AS BIGINT)
 WHERE COALESCE((SELECT MAX(COALESCE(adds.ended_at, 9223372036854775807))
                   FROM adds
                  WHERE adds.userid = CAST(:userid AS TEXT)
                    AND adds.external_userid = CAST(:external_userid AS TEXT)),
                9223372036854775807) > CAST(:since AS BIGINT)
ON CONFLICT (userid, external_userid) DO UPDATE
   SET name = excluded.name,
       remark = excluded.remark,
       read_at = excluded.read_at
 WHERE customer_names.name <> excluded.name
    OR customer_names.remark <> excluded.remark;

-- name: names_of(userid)
-- One employee's customers.
SELECT external_userid, name, remark
  FROM customer_names
 WHERE userid = :userid;

-- name: names_ended(since, batch)
-- Contacts whose last add ended up to the moment; one of which no add is known is not among them.
SELECT userid, external_userid
  FROM customer_names
 WHERE COALESCE((SELECT MAX(COALESCE(adds.ended_at, 9223372036854775807))
                   FROM adds
                  WHERE adds.userid = customer_names.userid
                    AND adds.external_userid = customer_names.external_userid),
                9223372036854775807) <= CAST(:since AS BIGINT)
 LIMIT :batch;

-- name: names_forget(userid, external_userid)*!
DELETE FROM customer_names
 WHERE userid = :userid
   AND external_userid = :external_userid;

-- name: names_any()^
SELECT 1 AS stored
  FROM customer_names
 LIMIT 1;

-- name: names_clear()!
DELETE FROM customer_names;
