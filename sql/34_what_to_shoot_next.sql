-- Which combinations of object, state, distance and place are missing or thin, and how badly are they told?
-- Runs on published.duckdb and on warehouse.duckdb. Sessions, not images, are what counts as independent.
-- Combinations that nobody has shot in any state are not listed: they may not exist.
-- param object: one object, or '*' = all
-- param n: how many
SET VARIABLE object = '*';
SET VARIABLE n = 40;

SELECT rank, action, need, images, sessions, missing_sessions, other_state_images,
       round(probe_error, 2) AS probe_error, round(object_error, 2) AS object_error,
       round(error_at_least, 2) AS error_at_least
FROM collection_plan
WHERE getvariable('object') IN ('*', object)
ORDER BY rank
LIMIT getvariable('n');
