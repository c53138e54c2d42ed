-- Did the data set pass its gates, and by how much?
-- Runs on published.duckdb and on warehouse.duckdb.
-- param status: passed, failed, waived, 'not measured', off; '*' = all
SET VARIABLE status = '*';

SELECT gate, title, severity, status, round(value, 4) AS value, at_most, statement, why, waiver, evidence_sql
FROM gate_results
WHERE getvariable('status') IN ('*', status)
ORDER BY status = 'failed' DESC, severity, gate;
