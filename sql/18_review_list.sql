-- Which N images should somebody look at before training, surest reason first?
-- The same list as report model review_list. Priorities: 1 one picture under two labels, 2 blank picture,
-- 3 batch of another class by name and picture, 4 copy, 5 lies among another class, 6 lies alone at both levels.
-- Runs on published.duckdb and on warehouse.duckdb. To save it: COPY (...) TO 'review.csv' around the last query.
-- param n: how many images
-- param class_name: one class, or '*' = all
SET VARIABLE n = 5000;
SET VARIABLE class_name = '*';

WITH reasons AS (
    SELECT image_id, 1 AS priority, 'one picture under two labels' AS reason, 0.0 AS strength
    FROM duplicates WHERE kind IN ('file', 'pixels') AND NOT same_class
    UNION ALL
    SELECT image_id, 2, 'blank picture', 0.0 FROM channel_stats WHERE minimum = maximum
    UNION ALL
    SELECT f.image_id, 3, 'batch of another class by name and picture', coalesce(b.effect, 0.0)
    FROM batch_drift b
    JOIN lenses l ON l.lens_id = b.lens_id AND l.in_force
    JOIN file_manifest f ON f.class_name = b.class_name AND f.batch_id = b.batch_id
    WHERE b.code_contradicts AND b.picture_contradicts
    UNION ALL
    SELECT image_id, 4, 'copy of a picture of its class', 0.0
    FROM duplicates WHERE kind IN ('file', 'pixels') AND same_class AND NOT keeper
    UNION ALL
    SELECT image_id, 5, 'lies among images of another class', score FROM label_conflicts WHERE score >= 0.8
    UNION ALL
    SELECT image_id, 6, 'lies alone at both levels', -sum(rank)::DOUBLE
    FROM outliers WHERE scope = 'class' AND side = 'low'
    GROUP BY image_id HAVING count(DISTINCT level) = 2
), images AS (
    SELECT image_id, min(priority) AS priority, list(DISTINCT reason ORDER BY reason) AS reasons,
           max_by(strength, (-priority, strength)) AS strength
    FROM reasons JOIN channel_stats USING (image_id)
    GROUP BY image_id
), ranked AS (
    SELECT row_number() OVER (ORDER BY priority, len(reasons) DESC, strength DESC, image_id) AS rank, *
    FROM images
)
SELECT r.rank, r.image_id, f.class_name, r.reasons, r.priority, f.session_id, f.distance_m
FROM ranked r JOIN file_manifest f ON f.image_id = r.image_id
WHERE getvariable('class_name') IN ('*', f.class_name)
ORDER BY r.rank
LIMIT getvariable('n');
