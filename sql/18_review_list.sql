-- Which N files should somebody look at, or leave out, before training, surest reason first?
-- Report model review_list; SELECT * FROM review_rules says what each reason means.
-- Runs on published.duckdb and on warehouse.duckdb. To save it: COPY (...) TO 'review.csv' around the last query;
-- thermal-assets export writes it with everything else that training needs.
-- param n: how many files
-- param class_name: one class, or '*' = all
SET VARIABLE n = 5000;
SET VARIABLE class_name = '*';

SELECT rank, image_id, class_name, decision, reasons, priority, session_id, distance_m
FROM review_list
WHERE getvariable('class_name') IN ('*', class_name)
ORDER BY rank
LIMIT getvariable('n');
