-- Which images lie between normal and anomaly, so that even a lens trained on the labels cannot tell which they are?
-- Runs on published.duckdb and on warehouse.duckdb. supervised_separation counts those that are not listed.
-- param anomaly_class: one anomaly class, or '*' = all
-- param n: how many
SET VARIABLE anomaly_class = '*';
SET VARIABLE n = 100;

SELECT g.rank, g.image_id, g.class_name, g.normal_class, g.anomaly_class, round(g.place, 2) AS place,
       round(g.score, 3) AS score, s.gray_normal, s.gray_anomaly, round(s.separability_auc, 3) AS separability_auc
FROM gray_zone g
JOIN supervised_separation s
  ON s.normal_class = g.normal_class AND s.anomaly_class = g.anomaly_class AND NOT s.matched
WHERE getvariable('anomaly_class') IN ('*', g.anomaly_class)
ORDER BY g.rank, g.anomaly_class, g.image_id
LIMIT getvariable('n');
