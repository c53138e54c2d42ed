-- Which images are among the least dense of their class at L2 and at L3?
-- Folding keeps most outliers by itself: compare the count with expected of table outlier_persistence.
-- density_xs counts images of other sessions only: the ranks go by it, or by density where column rule of outliers says so.
-- Runs on published.duckdb and on warehouse.duckdb.
-- param class_name: one class, or '*' = all
SET VARIABLE class_name = '*';

SELECT a.class_name, a.image_id, a.rank AS l2_rank, b.rank AS l3_rank,
       round(d.density, 4) AS l2_density, round(d.density_xs, 4) AS l2_density_xs,
       round(e.density, 4) AS l3_density, round(e.density_xs, 4) AS l3_density_xs, f.session_id, f.distance_m
FROM outliers a
JOIN outliers b ON b.image_id = a.image_id AND b.scope = a.scope AND b.side = a.side AND b.level = 'L3'
JOIN densities d ON d.image_id = a.image_id AND d.scope = a.scope AND d.level = 'L2'
JOIN densities e ON e.image_id = a.image_id AND e.scope = a.scope AND e.level = 'L3'
JOIN file_manifest f ON f.image_id = a.image_id
WHERE a.level = 'L2' AND a.scope = 'class' AND a.side = 'low'
  AND (getvariable('class_name') = '*' OR a.class_name = getvariable('class_name'))
ORDER BY a.class_name, a.rank + b.rank, a.image_id;
