-- What is different from the diagnosis before: findings, metrics, and images added, edited or removed in between?
-- Report model changes_since_last_run; query 30 tells the findings with their titles.
-- Runs on published.duckdb and on warehouse.duckdb.
SELECT kind, name, class_name, before, after, difference
FROM changes_since_last_run
ORDER BY kind, class_name, name;
