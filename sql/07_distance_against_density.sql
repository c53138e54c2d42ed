-- Do the pictures of a class change as the camera goes away?
-- eta_squared: share of the variance of log density that distance explains; p permutes whole sessions.
-- ci_low, ci_high: 95 % interval of the median, sessions at that distance resampled; empty below eight.
-- Runs on published.duckdb and on warehouse.duckdb.
-- param class_name: one class, or '*' = all
-- param level: L2 or L3
SET VARIABLE class_name = '*';
SET VARIABLE level = 'L3';

SELECT class_name, distance_m, image_count, sessions, round(median_density, 4) AS median_density,
       round(ci_low, 4) AS ci_low, round(ci_high, 4) AS ci_high,
       round(eta_squared, 3) AS eta_squared, round(spearman, 3) AS spearman, p_value, attainable_p, statement
FROM distance_drift
WHERE level = getvariable('level')
  AND (getvariable('class_name') = '*' OR class_name = getvariable('class_name'))
ORDER BY class_name, distance_m;
