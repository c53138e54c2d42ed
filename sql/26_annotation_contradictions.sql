-- Where do annotations contradict the name, the folder, the pixels or their own ranges?
-- Runs on published.duckdb and on warehouse.duckdb.
-- param class_name: one class, or '*' = all
-- param code: one kind of contradiction, or '*' = all
SET VARIABLE class_name = '*';
SET VARIABLE code = '*';

SELECT class_name, code, field, subject, annotation_index, message, expected, found, source_file
FROM annotation_problems
WHERE getvariable('class_name') IN ('*', class_name) AND getvariable('code') IN ('*', code)
ORDER BY class_name, code, field, subject, annotation_index;
