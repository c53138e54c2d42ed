-- How crowded are the classes? The numbers of a box chart.
-- Description only: densities grow with the number of images, so do not compare classes by them.
-- Runs on published.duckdb and on warehouse.duckdb.
-- param scope: 'class' = inside its class, 'dataset' = among all images
SET VARIABLE scope = 'class';

SELECT class_name, level, count(*) AS images, count(*) FILTER (WHERE reliable) AS reliable,
       round(min(density), 4) AS minimum, round(quantile_cont(density, 0.25), 4) AS lower_quartile,
       round(median(density), 4) AS median, round(quantile_cont(density, 0.75), 4) AS upper_quartile,
       round(max(density), 4) AS maximum, round(median(density_xs), 4) AS median_other_sessions
FROM densities
WHERE scope = getvariable('scope')
GROUP BY class_name, level
ORDER BY class_name, level;
