-- How do two classes differ in plain numbers?
-- Medians of density are description only: they grow with the number of images. Query 13 compares fairly.
-- Runs on published.duckdb and on warehouse.duckdb.
-- param first: a class; left as it is, the largest normal class of a pair, else the largest of all
-- param second: a class; left as it is, an anomaly class of the same pair, else the next largest
SET VARIABLE first = (
    SELECT class_name FROM classes ORDER BY (state = 'normal' AND pair IS NOT NULL) DESC NULLS LAST, image_count DESC, class_name LIMIT 1
);
SET VARIABLE second = (
    SELECT c.class_name FROM classes c
    WHERE c.class_name <> getvariable('first')
    ORDER BY (c.state = 'anomaly' AND c.pair = (SELECT pair FROM classes WHERE class_name = getvariable('first'))) DESC
             NULLS LAST, c.image_count DESC, c.class_name
    LIMIT 1
);

WITH pictures AS (
    SELECT class_name, count(*) AS images, median(width) AS median_width, median(height) AS median_height,
           round(avg((mean_r + mean_g + mean_b) / 3), 2) AS mean_level, round(median(entropy), 3) AS median_entropy,
           round(median(sharpness), 6) AS median_sharpness, round(avg(saturated_fraction), 4) AS saturated_fraction,
           mode(palette) AS usual_palette, count(DISTINCT mode) AS pixel_modes
    FROM channel_stats GROUP BY ALL
), names AS (
    SELECT class_name, count(DISTINCT session_id) AS sessions, min(distance_m) AS nearest_m,
           max(distance_m) AS farthest_m, min(captured_on) AS first_day, max(captured_on) AS last_day
    FROM file_manifest GROUP BY ALL
), crowding AS (
    SELECT d.class_name, round(median(d.density) FILTER (WHERE d.level = 'L2'), 3) AS median_density_l2,
           round(median(d.density) FILTER (WHERE d.level = 'L3'), 3) AS median_density_l3
    FROM class_densities d JOIN lenses l ON l.lens_id = d.lens_id AND l.in_force
    GROUP BY ALL
)
SELECT p.*, n.* EXCLUDE (class_name), c.* EXCLUDE (class_name)
FROM pictures p
LEFT JOIN names n USING (class_name)
LEFT JOIN crowding c USING (class_name)
WHERE p.class_name IN (getvariable('first'), getvariable('second'))
ORDER BY p.class_name = getvariable('second');
