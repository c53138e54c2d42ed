-- Which images to train on: every readable image but the N worst of query 18.
-- Nothing is deleted: this is a list. To save it: COPY (...) TO 'training_list.csv' around the last query.
-- Keep session_id when splitting into training and test: images of one session belong on one side
-- (thermal-assets export makes such a split).
-- Runs on published.duckdb and on warehouse.duckdb.
-- param leave_out: how many of the worst files to leave out
SET VARIABLE leave_out = 5000;

SELECT s.image_id, s.class_name, f.session_id, f.distance_m, s.width, s.height
FROM channel_stats s
JOIN file_manifest f ON f.image_key = s.image_key
WHERE s.image_id NOT IN (SELECT image_id FROM review_list WHERE rank <= getvariable('leave_out'))
ORDER BY s.class_name, s.image_id;
