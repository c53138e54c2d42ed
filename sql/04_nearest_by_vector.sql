-- The same straight from the vectors, without any table of neighbours: exact, over every image.
-- Runs on warehouse.duckdb. On published.duckdb, which holds no vectors, run these two lines first:
--   ATTACH 'published_vectors.duckdb' AS published_vectors (READ_ONLY);
--   CREATE TEMP VIEW l2_embeddings AS FROM published_vectors.l2_embeddings;
-- param image_id: the image; left as it is, the least dense image of the data set
-- param n: how many neighbours
SET VARIABLE image_id = (SELECT image_id FROM outliers WHERE side = 'low' ORDER BY density, image_id LIMIT 1);
SET VARIABLE n = 10;

WITH vectors AS (
    SELECT e.image_key, e.class_name, e.embedding
    FROM l2_embeddings e JOIN lenses l ON l.lens_id = e.lens_id AND l.in_force
), this AS (
    SELECT v.image_key, v.embedding
    FROM vectors v JOIN file_manifest f ON f.image_key = v.image_key
    WHERE f.image_id = getvariable('image_id')
), nearest AS (
    -- Lenses differ in length, so the column is a list; where all have one length, array_distance does the same.
    SELECT v.image_key, list_distance(v.embedding, this.embedding) AS distance
    FROM vectors v CROSS JOIN this
    WHERE v.image_key <> this.image_key
    ORDER BY distance
    LIMIT getvariable('n')
)
SELECT row_number() OVER (ORDER BY n.distance, f.image_id) AS rank, f.image_id AS neighbor_id,
       f.class_name AS neighbor_class, round(n.distance, 4) AS distance
FROM nearest n JOIN file_manifest f ON f.image_key = n.image_key
ORDER BY rank;
