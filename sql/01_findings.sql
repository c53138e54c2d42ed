-- What is wrong with the data set, worst first?
-- Runs on published.duckdb and on warehouse.duckdb.
-- param severity: HIGH, MEDIUM or LOW; '*' = all
-- param class_name: one class, or '*' = all and those of the whole data set
SET VARIABLE severity = '*';
SET VARIABLE class_name = '*';

SELECT rank, severity, title, class_name, affected_images, statement, action, status, waiver, finding_id, evidence_sql
FROM findings
WHERE getvariable('severity') IN ('*', severity)
  AND (getvariable('class_name') = '*' OR class_name = getvariable('class_name'))
ORDER BY rank;
