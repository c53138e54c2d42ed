-- How uneven are the classes, and which weights even them out?
-- class_weight = images / (classes x images of the class): give it to the loss of the training.
-- Runs on published.duckdb and on warehouse.duckdb.
SELECT class_name, state, pair, image_count,
       round(image_count / sum(image_count) OVER (), 4) AS share,
       round(max(image_count) OVER () / image_count, 1) AS times_smaller_than_largest,
       round(sum(image_count) OVER () / (count(*) OVER () * image_count), 4) AS class_weight
FROM classes
WHERE image_count > 0
ORDER BY image_count DESC, class_name;
