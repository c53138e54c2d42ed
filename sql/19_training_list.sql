-- Which images to train on: every readable image but the N worst of query 18.
-- Nothing is deleted: this is a list. To save it: COPY (...) TO 'training_list.csv' around the last query.
-- Keep session_id when splitting into training and test: images of one session belong on one side.
-- Runs on published.duckdb and on warehouse.duckdb.
-- param leave_out: how many of the worst images to leave out
SET VARIABLE leave_out = 5000;

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
SELECT s.image_id, s.class_name, f.session_id, f.distance_m, s.width, s.height
FROM channel_stats s
JOIN file_manifest f ON f.image_key = s.image_key
WHERE s.image_id NOT IN (SELECT image_id FROM ranked WHERE rank <= getvariable('leave_out'))
ORDER BY s.class_name, s.image_id;
