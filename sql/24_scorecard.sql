-- How good is the data set in the terms of ISO/IEC 5259-2, measure by measure?
-- value: 0 to 1, 1 = best (the composite 0 to 100). Run evidence_sql to see where a value comes from.
-- Runs on published.duckdb and on warehouse.duckdb.
-- param verdict: good, look, bad, 'no value'; '*' = all
SET VARIABLE verdict = '*';

SELECT measure, characteristic, iso_code, title, round(value, 4) AS value, verdict, reason, bad, good,
       round(points, 3) AS points, weight, formula, evidence_sql
FROM scorecard
WHERE getvariable('verdict') IN ('*', verdict)
ORDER BY place;
