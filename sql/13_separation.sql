-- How well do a normal class and its anomaly class lie apart?
-- separability_auc: 0.5 is chance, 1 is certain. matched: compared inside each distance, then averaged.
-- Runs on published.duckdb and on warehouse.duckdb.
-- param level: L2, L3; '*' = both
SET VARIABLE level = '*';

SELECT normal_class, anomaly_class, level, matched, round(separability_auc, 3) AS separability_auc,
       round(ci_low, 3) AS ci_low, round(ci_high, 3) AS ci_high, interval_note,
       round(distance_auc, 3) AS distance_auc, round(compactness_auc, 3) AS compactness_auc,
       m, n_normal, n_anomaly, sessions_normal, sessions_anomaly, common_support
FROM separation
WHERE getvariable('level') IN ('*', level)
ORDER BY normal_class, anomaly_class, level, matched;
