-- Which images of a class lie alone, and how far out?
-- times_farther: how many times farther their ten nearest images are than those of the typical image.
-- basis: which images count as near; of other sessions where there are three, so that near frames of one odd
-- object do not vouch for each other.
-- Runs on published.duckdb and on warehouse.duckdb.
-- param class_name: one class, or '*' = all
-- param level: L2 (generic features) or L3 (features folded to this data set)
-- param n: how many images a class
SET VARIABLE class_name = '*';
SET VARIABLE level = 'L3';
SET VARIABLE n = 20;

SELECT o.class_name, o.rank, o.image_id, round(o.density, 4) AS density, round(d.times_farther, 2) AS times_farther,
       d.basis, f.session_id, f.distance_m, o.rule
FROM outliers o
JOIN file_manifest f ON f.image_id = o.image_id
JOIN judged_densities d ON d.image_id = o.image_id AND d.level = o.level
WHERE o.scope = 'class' AND o.side = 'low'
  AND o.level = getvariable('level')
  AND (getvariable('class_name') = '*' OR o.class_name = getvariable('class_name'))
  AND o.rank <= getvariable('n')
ORDER BY o.class_name, o.rank;
