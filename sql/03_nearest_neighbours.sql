-- Which ten images resemble this one most?
-- Runs on published.duckdb and on warehouse.duckdb.
-- param image_id: the image; left as it is, the least dense image of the data set
-- param level: L2 or L3
-- param scope: 'class' = inside its class, 'dataset' = among all images
SET VARIABLE image_id = (SELECT image_id FROM outliers WHERE side = 'low' ORDER BY density, image_id LIMIT 1);
SET VARIABLE level = 'L2';
SET VARIABLE scope = 'dataset';

SELECT image_id, rank, neighbor_id, neighbor_class, neighbor_class = class_name AS same_class,
       round(distance, 4) AS distance, method
FROM neighbors
WHERE image_id = getvariable('image_id') AND level = getvariable('level') AND scope = getvariable('scope')
ORDER BY rank;
