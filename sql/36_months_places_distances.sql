-- Which months, stretches of time, places and distances of a class can be told apart by pictures of sessions not seen before?
-- Runs on published.duckdb and on warehouse.duckdb. 0.5 is chance; NULL: not identifiable, the statement says why.
-- param class_name: one class, or '*' = all
SET VARIABLE class_name = '*';

SELECT class_name, kind, value, image_count, sessions, round(auc, 3) AS auc, round(ci_low, 3) AS ci_low,
       round(ci_high, 3) AS ci_high, statement
FROM (
    SELECT class_name, kind, value, image_count, sessions, auc, ci_low, ci_high, statement FROM domain_drift
    UNION ALL BY NAME
    SELECT class_name, 'distance' AS kind, nearer_to_m || ' m / ' || farther_from_m || ' m' AS value,
           images_nearer + images_farther AS image_count, sessions_nearer + sessions_farther AS sessions,
           auc, ci_low, ci_high, statement
    FROM distance_groups
)
WHERE getvariable('class_name') IN ('*', class_name)
ORDER BY auc DESC NULLS LAST, class_name, kind, value;
