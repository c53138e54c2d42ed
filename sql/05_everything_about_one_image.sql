-- What is known about this image: its name, its pixels, its problems, its place among the others?
-- denser_than: share of the other images of its class that lie less dense, 0 to 1.
-- Runs on published.duckdb and on warehouse.duckdb. In the shell, .mode line reads best.
-- param image_id: the image; left as it is, the least dense image of the data set
SET VARIABLE image_id = (SELECT image_id FROM outliers WHERE side = 'low' ORDER BY density, image_id LIMIT 1);

-- Not from the view densities: its ranks would sort every image for the sake of one.
WITH this AS (
    SELECT * FROM file_manifest WHERE image_id = getvariable('image_id')
), both_scopes AS (
    SELECT 'class' AS scope, level, lens_id, image_key, class_name, density, density_xs, reliable FROM class_densities
    UNION ALL
    SELECT 'dataset', level, lens_id, image_key, class_name, density, density_xs, reliable FROM dataset_densities
), of_class AS (
    SELECT d.* FROM both_scopes d
    JOIN (SELECT lens_id FROM lenses WHERE in_force) USING (lens_id)
    WHERE d.class_name = (SELECT class_name FROM this)
), own AS (
    SELECT * FROM of_class WHERE image_key = (SELECT image_key FROM this)
), placed AS (
    SELECT w.level, w.scope, any_value(w.density) AS density, any_value(w.density_xs) AS density_xs,
           any_value(w.reliable) AS reliable,
           count(*) FILTER (WHERE o.density < w.density) / greatest(count(*) - 1, 1) AS denser_than
    FROM own w JOIN of_class o ON o.level = w.level AND o.scope = w.scope
    GROUP BY w.level, w.scope
)
SELECT f.* EXCLUDE (mtime_ns, extra_tokens),
       s.* EXCLUDE (image_id, class_name, image_key, content_hash),
       (SELECT list(stage || ' ' || code || ': ' || message ORDER BY stage, code)
        FROM image_problems WHERE image_id = getvariable('image_id')) AS problems,
       (SELECT list({'level': level, 'scope': scope, 'density': round(density, 4), 'density_xs': round(density_xs, 4),
                     'denser_than': round(denser_than, 4), 'reliable': reliable} ORDER BY level, scope)
        FROM placed) AS densities,
       (SELECT list({'level': level, 'scope': scope, 'side': side, 'rank': rank} ORDER BY level, scope)
        FROM outliers WHERE image_id = getvariable('image_id')) AS outlier_ranks,
       (SELECT list({'neighbor_class': neighbor_class, 'odds': round(exp(log_odds), 1)})
        FROM label_conflicts WHERE image_id = getvariable('image_id')) AS label_conflicts,
       (SELECT list({'kind': kind, 'group_id': group_id, 'group_size': group_size, 'keeper': keeper})
        FROM duplicates WHERE image_id = getvariable('image_id')) AS copies
FROM this f
LEFT JOIN (SELECT * FROM channel_stats WHERE image_id = getvariable('image_id')) s ON s.image_key = f.image_key;
