-- Which networks and projections do the numbers come from?
-- Runs on published.duckdb and on warehouse.duckdb.
-- param all_versions: true = earlier lenses too
SET VARIABLE all_versions = false;

SELECT level, name, lens_id, in_force, random_weights, dimensions, real_dimensions, fitted_on, metric, input,
       weights_sha256, created_at
FROM lenses
WHERE in_force OR getvariable('all_versions')
ORDER BY level, created_at DESC, lens_id;
