-- What is different since the diagnosis before: the pictures that arrived, how they were made, the figures that moved?
-- Runs on published.duckdb and on warehouse.duckdb. Empty after a first diagnosis.
-- param class_name: one class, or '*' = all
SET VARIABLE class_name = '*';

SELECT class_name, measure, round(effect, 3) AS effect, effect_name, round(before, 3) AS before, round(now, 3) AS now,
       round(classifier_auc, 3) AS classifier_auc, p_value, new_images, old_images, statement, example_ids
FROM run_drift
WHERE getvariable('class_name') IN ('*', class_name)
ORDER BY class_name, measure <> 'pictures', abs(effect) DESC;
