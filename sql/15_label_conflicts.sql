-- Which images lie among images of another label, other sessions only?
-- score: share of the other label minus share of the own one, large classes weighed down.
-- Runs on published.duckdb and on warehouse.duckdb.
-- param class_name: one class, or '*' = all
-- param n: how many images
SET VARIABLE class_name = '*';
SET VARIABLE n = 100;

SELECT rank, image_id, class_name, neighbor_class, round(neighbor_share, 3) AS neighbor_share,
       round(own_share, 3) AS own_share, round(score, 3) AS score
FROM label_conflicts
WHERE getvariable('class_name') IN ('*', class_name)
ORDER BY rank
LIMIT getvariable('n');
