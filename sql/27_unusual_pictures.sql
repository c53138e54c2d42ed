-- Which pictures are far darker, flatter, blurrier or more clipped than their class at their distance?
-- Runs on published.duckdb and on warehouse.duckdb.
-- param class_name: one class, or '*' = all
-- param measure: brightness, contrast, entropy, sharpness, clipped_low, clipped_high; '*' = all
-- param n: how many
SET VARIABLE class_name = '*';
SET VARIABLE measure = '*';
SET VARIABLE n = 100;

SELECT image_id, class_name, measure, direction, round(value, 4) AS value, round(group_median, 4) AS usual,
       round(robust_z, 1) AS robust_z, compared_with, distance_m, group_images, group_sessions
FROM image_quality
WHERE getvariable('class_name') IN ('*', class_name) AND getvariable('measure') IN ('*', measure)
ORDER BY abs(robust_z) DESC, image_id, measure
LIMIT getvariable('n');
