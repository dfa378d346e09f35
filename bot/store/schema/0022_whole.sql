-- An installation that compared WeCom's lists before stays complete.

INSERT INTO marks (name, value)
SELECT 'compared_whole', CAST(MIN(ended_at) AS TEXT)
  FROM sync_runs
 WHERE state = 'done'
HAVING COUNT(ended_at) > 0;
