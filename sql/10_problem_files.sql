-- Which files have a problem, and which of them gave no picture?
-- Runs on published.duckdb and on warehouse.duckdb.
-- param only_unreadable: true = only files without a picture
SET VARIABLE only_unreadable = false;

SELECT p.class_name, p.image_id, p.stage, p.code, s.image_id IS NOT NULL AS readable, p.message
FROM image_problems p
LEFT JOIN channel_stats s ON s.image_key = p.image_key
WHERE NOT getvariable('only_unreadable') OR s.image_id IS NULL
ORDER BY readable, p.class_name, p.code, p.image_id;
