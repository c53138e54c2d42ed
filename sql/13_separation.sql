-- How well do a normal class and its anomaly class lie apart, and how many anomalies are found at 1 % false alarms?
-- separability_auc: 0.5 is chance, 1 is certain. matched: compared inside each distance, then averaged.
-- recall_at_1_percent rests on n_normal normal images; NULL below 100. Level 'trained': a lens trained on the labels,
-- judged on sessions it was not trained on; L2 and L3 know no labels.
-- Runs on published.duckdb and on warehouse.duckdb.
-- param level: L2, L3, trained; '*' = all
SET VARIABLE level = '*';

SELECT normal_class, anomaly_class, level, matched, round(separability_auc, 3) AS separability_auc,
       round(ci_low, 3) AS ci_low, round(ci_high, 3) AS ci_high, interval_note,
       round(recall_at_1_percent, 3) AS recall_at_1_percent, round(recall_ci_low, 3) AS recall_ci_low,
       round(recall_ci_high, 3) AS recall_ci_high,
       round(distance_auc, 3) AS distance_auc, round(compactness_auc, 3) AS compactness_auc,
       m, n_normal, n_anomaly, sessions_normal, sessions_anomaly, common_support
FROM (FROM separation UNION ALL BY NAME SELECT *, 'trained' AS level FROM supervised_separation)
WHERE getvariable('level') IN ('*', level)
ORDER BY normal_class, anomaly_class, matched, level;
