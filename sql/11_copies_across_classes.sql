-- Which pictures carry two labels?
-- Equal bytes or equal pixels under two labels cannot both be right; almost equal pictures may be.
-- Runs on published.duckdb and on warehouse.duckdb.
-- param kind: file, pixels, near; '*' = all
SET VARIABLE kind = '*';

SELECT group_id, kind, image_id, class_name, round(distance, 4) AS distance, hash_bits, group_size, same_session
FROM duplicates
WHERE NOT same_class AND getvariable('kind') IN ('*', kind)
ORDER BY CASE kind WHEN 'file' THEN 1 WHEN 'pixels' THEN 2 ELSE 3 END, group_id, class_name, image_id;
