-- Which names contradict other names or their class?
-- Boxes, frame numbers and names that come twice, boxes with two labels, foreign codes, shared frames.
-- Frames with boxes in several classes ('frame_in_classes') are legal: keep them on one side of a split.
-- Runs on published.duckdb and on warehouse.duckdb.
SELECT conflict, subject, class_name, image_id, files, classes, different_contents
FROM name_conflicts
ORDER BY conflict, subject, class_name, image_id
LIMIT 200;
