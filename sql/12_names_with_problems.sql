-- Which file names do not parse, or say a date or distance outside the declared ranges?
-- Runs on published.duckdb and on warehouse.duckdb.
-- param code: does_not_parse, bad_date, outside_window, outside_distance, session_reversed, unknown_code, bad_number; '*' = all
SET VARIABLE code = '*';

SELECT class_name, split_part(problem, ':', 1) AS code, image_id,
       trim(substr(problem, strpos(problem, ':') + 1)) AS problem, captured_on, distance_m, session_code
FROM (SELECT *, unnest(token_problems) AS problem FROM file_manifest WHERE len(token_problems) > 0)
WHERE getvariable('code') IN ('*', split_part(problem, ':', 1))
ORDER BY class_name, code, image_id;
