-- Which batches read or look as if they belonged to another class?
-- A sure case is one where the code in the names and the pictures both contradict the folder.
-- Runs on published.duckdb and on warehouse.duckdb.
-- param class_name: one class, or '*' = all
-- param only_contradictions: false = every batch with its figures
SET VARIABLE class_name = '*';
SET VARIABLE only_contradictions = true;

SELECT class_name, batch_id, image_count, code_contradicts, picture_contradicts, object_code, code_class,
       nearest_class, round(foreign_share, 3) AS foreign_share, round(base_rate, 3) AS base_rate,
       round(effect, 3) AS effect, round(robust_z, 1) AS robust_z, q_value, example_ids
FROM judged_batches
WHERE (getvariable('class_name') = '*' OR class_name = getvariable('class_name'))
  AND (NOT getvariable('only_contradictions') OR code_contradicts OR picture_contradicts)
ORDER BY code_contradicts AND picture_contradicts DESC, effect DESC NULLS LAST, class_name, batch_id;
