-- Which images of a class lie alone, and how far out?
-- times_farther: how many times farther their ten nearest images are than those of the typical image.
-- Runs on published.duckdb and on warehouse.duckdb.
-- param class_name: one class, or '*' = all
-- param level: L2 (generic features) or L3 (features folded to this data set)
-- param n: how many images a class
SET VARIABLE class_name = '*';
SET VARIABLE level = 'L3';
SET VARIABLE n = 20;

SELECT o.class_name, o.rank, o.image_id, round(o.density, 4) AS density,
       round(exp(s.median_log_density) / d.density, 2) AS times_farther, f.session_id, f.distance_m, o.rule
FROM outliers o
JOIN file_manifest f ON f.image_id = o.image_id
JOIN lenses l ON l.level = o.level AND l.in_force
JOIN class_densities d ON d.image_key = f.image_key AND d.level = o.level AND d.lens_id = l.lens_id
JOIN class_density_scales s ON s.class_name = o.class_name AND s.level = o.level AND s.lens_id = l.lens_id
WHERE o.scope = 'class' AND o.side = 'low'
  AND o.level = getvariable('level')
  AND (getvariable('class_name') = '*' OR o.class_name = getvariable('class_name'))
  AND o.rank <= getvariable('n')
ORDER BY o.class_name, o.rank;
