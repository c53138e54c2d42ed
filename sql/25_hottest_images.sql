-- Which images hold the hottest spots against their background, and which limits do they break?
-- Sources are kept apart: a radiometric figure is measured, the others are read off a palette (see error_k).
-- Runs on published.duckdb and on warehouse.duckdb.
-- param class_name: one class, or '*' = all
-- param only_violations: true = only images that break a limit by more than their error
-- param n: how many images
SET VARIABLE class_name = '*';
SET VARIABLE only_violations = false;
SET VARIABLE n = 50;

WITH broken AS (
    SELECT image_id, list(rule ORDER BY rule) AS rules
    FROM temperature_violations WHERE coalesce(beyond_error, true) GROUP BY image_id
)
SELECT t.source, t.image_id, t.class_name, round(t.contrast_k, 1) AS contrast_k, round(t.max_c, 1) AS max_c,
       round(t.error_k, 1) AS error_k, t.max_at_range_end, b.rules AS limits_broken
FROM temperatures t
LEFT JOIN broken b ON b.image_id = t.image_id
WHERE getvariable('class_name') IN ('*', t.class_name)
  AND (NOT getvariable('only_violations') OR b.image_id IS NOT NULL)
ORDER BY t.source, t.contrast_k DESC, t.image_id
LIMIT getvariable('n');
