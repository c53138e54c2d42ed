-- How was a class collected: which sessions, days and distances, and how many images each?
-- Runs on published.duckdb and on warehouse.duckdb.
-- param class_name: one class, or '*' = all
SET VARIABLE class_name = '*';

SELECT f.class_name, f.captured_on, f.session_id, list_sort(list(DISTINCT f.distance_m)) AS distances_m,
       count(*) AS files, count(DISTINCT f.frame_id) AS frames,
       count(o.image_id) AS among_the_least_dense_at_l3
FROM file_manifest f
LEFT JOIN (SELECT image_id FROM outliers WHERE level = 'L3' AND scope = 'class' AND side = 'low') o USING (image_id)
WHERE getvariable('class_name') IN ('*', f.class_name)
GROUP BY f.class_name, f.captured_on, f.session_id
ORDER BY f.class_name, f.captured_on, f.session_id;
