-- What is different from the diagnosis before: metrics, and images added, edited or removed in between?
-- Runs on published.duckdb and on warehouse.duckdb.
WITH runs AS (
    SELECT run_id, max(measured_at) AS measured_at, row_number() OVER (ORDER BY max(measured_at) DESC) AS age
    FROM metric_history WHERE NOT starts_with(metric, 'scorecard_') GROUP BY run_id
), latest AS (
    SELECT * FROM metric_history WHERE run_id IN (SELECT run_id FROM runs WHERE age = 1)
), previous AS (
    SELECT * FROM metric_history WHERE run_id IN (SELECT run_id FROM runs WHERE age = 2)
), metrics AS (
    SELECT 'metric' AS kind, metric AS name, class_name, p.value AS before, l.value AS after
    FROM latest l FULL JOIN previous p USING (metric, class_name)
), changes AS (
    SELECT 'images' AS kind, change AS name, class_name, NULL::DOUBLE AS before, count(DISTINCT image_id) AS after
    FROM image_changes
    WHERE seen_at > coalesce((SELECT measured_at FROM runs WHERE age = 2), '-infinity'::TIMESTAMPTZ)
    GROUP BY change, class_name
)
SELECT kind, name, class_name, before, after, after - coalesce(before, 0) AS difference
FROM (SELECT * FROM metrics
      WHERE before IS DISTINCT FROM after AND NOT (after IS NULL AND starts_with(name, 'scorecard_'))
      UNION ALL SELECT * FROM changes)
ORDER BY kind, class_name, name;
