-- Can state or class be told from what should not matter: mode, crop size, palette, brightness, distance, place, date?
-- Runs on published.duckdb and on warehouse.duckdb. 0.5 is chance; every AUC is of sessions held out.
-- param target: 'state' (normal against anomaly of a pair), 'class' (one class against all others), '*' = both
-- param least: AUC from which on
SET VARIABLE target = '*';
SET VARIABLE least = 0.6;

SELECT target, subject, feature, round(auc, 3) AS auc, round(ci_low, 3) AS ci_low, round(ci_high, 3) AS ci_high,
       telling_value, round(share_positive, 2) AS share_positive, round(share_negative, 2) AS share_negative,
       sessions_positive, sessions_negative, method
FROM shortcut_audit
WHERE getvariable('target') IN ('*', target) AND auc >= getvariable('least')
ORDER BY auc DESC, target, subject, feature;
