-- Which pixel modes does each class hold? More than one row a class is a mix.
-- Runs on published.duckdb and on warehouse.duckdb.
-- param class_name: one class, or '*' = all
SET VARIABLE class_name = '*';

SELECT class_name, format, mode, bit_depth, channel_count, count(*) AS images,
       count(*) FILTER (WHERE alpha_constant) AS with_constant_alpha, min(image_id) AS example
FROM channel_stats
WHERE getvariable('class_name') IN ('*', class_name)
GROUP BY class_name, format, mode, bit_depth, channel_count
ORDER BY class_name, images DESC;
