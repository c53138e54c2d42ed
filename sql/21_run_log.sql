-- What ran, when, for how long, and did it write anything?
-- Runs on published.duckdb and on warehouse.duckdb.
-- param asset: one asset, or '*' = all
-- param n: how many of the latest
SET VARIABLE asset = '*';
SET VARIABLE n = 100;

SELECT started_at, asset, partition, status, rows, rows_written, round(seconds, 2) AS seconds,
       round(lock_seconds, 2) AS lock_seconds, round(peak_memory_mb) AS peak_memory_mb, run_id
FROM run_log
WHERE getvariable('asset') IN ('*', asset)
ORDER BY started_at DESC, asset, partition
LIMIT getvariable('n');
