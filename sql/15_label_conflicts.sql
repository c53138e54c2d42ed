-- Which images lie among images of another label, other sessions only?
-- odds: against the label it has, by its neighbours and a classifier held out by session, in equal parts.
-- typicality: share of the other class's own images that look less surely like it; low where two classes merely meet.
-- suspect: by thresholds label_conflict_odds and label_conflict_typicality, as findings, gates, scorecard and review list
-- judge; the others are reading matter. Table label_noise says how many are wrong beyond what resemblance explains.
-- Runs on published.duckdb and on warehouse.duckdb.
-- param class_name: one class, or '*' = all
-- param n: how many images
SET VARIABLE class_name = '*';
SET VARIABLE n = 100;

SELECT rank, image_id, class_name, neighbor_class, round(neighbor_share, 3) AS neighbor_share,
       round(own_share, 3) AS own_share, round(exp(log_odds), 1) AS odds, round(typicality, 3) AS typicality,
       image_id IN (SELECT image_id FROM suspect_labels) AS suspect
FROM label_conflicts
WHERE getvariable('class_name') IN ('*', class_name)
ORDER BY rank
LIMIT getvariable('n');
