"""Views on names, class sizes and levels: what needs no pixel and no lens beyond the tables there are."""

from __future__ import annotations

from thermal_assets.warehouse.columns import CLASS_NAME, IMAGE_ID
from thermal_assets.warehouse.schema import View, column

# Cui et al. 2019 (Class-Balanced Loss Based on Effective Number of Samples), their value for large data sets.
EFFECTIVE_BETA = 0.9999

NAME_CONFLICTS = View(
    "name_conflicts",
    "One row per file and conflict of its name with the names of other files or with its class.",
    (
        IMAGE_ID,
        CLASS_NAME,
        column(
            "conflict",
            "",
            "'box_twice' (session, distance, frame and box of another file of its class), 'frame_twice' (session and frame "
            "number of a file at another distance), 'name_twice' (the file name of another folder), 'frame_in_classes' "
            "(its frame has other boxes in other classes: legal), 'box_in_classes' (this very box of this object is in "
            "another class too), 'other_code' (its object code is not that of its class)",
        ),
        column("subject", "", "The box, file name, frame or code that is in conflict"),
        column("files", "", "Files that share the subject; for 'other_code' those of the class with this code"),
        column("classes", "", "Classes of these files; for 'other_code' the classes of the data set whose code it is"),
        column("different_contents", "", "Different contents among these files, by their bytes"),
        column("session_id", "", "date|site|session of the file"),
        column("batch_id", "", "session|distance of the file"),
    ),
    # The same frame number in two sessions is no conflict, so without a session nothing is said about frames. Names
    # with another fault are told by it: a distance beyond the range would make every other box of its frame a repeat.
    """
    WITH named AS (
        SELECT image_id, class_name, file_name, content_hash, session_id, batch_id, object_code,
               CASE WHEN session_id IS NOT NULL AND frame_number IS NOT NULL THEN frame_id END AS frame, bbox_index,
               CASE WHEN tokens_valid AND distance_m IS NOT NULL THEN frame_number END AS number, distance_m
        FROM file_manifest
    ), boxes AS (
        SELECT class_name, frame, bbox_index, count(*) AS files, list(DISTINCT class_name) AS classes,
               count(DISTINCT content_hash) AS contents
        FROM named WHERE frame IS NOT NULL AND bbox_index IS NOT NULL GROUP BY ALL HAVING count(*) > 1
    ), again AS (
        SELECT session_id, number FROM named WHERE session_id IS NOT NULL AND number IS NOT NULL
        GROUP BY ALL HAVING min(distance_m) < max(distance_m)
    ), numbers AS (
        SELECT session_id, number, count(*) AS files, list_sort(list(DISTINCT class_name)) AS classes,
               count(DISTINCT content_hash) AS contents, list_sort(list(DISTINCT distance_m)) AS distances
        FROM named SEMI JOIN again USING (session_id, number) GROUP BY ALL
    ), names AS (
        SELECT file_name, count(*) AS files, list_sort(list(DISTINCT class_name)) AS classes,
               count(DISTINCT content_hash) AS contents
        FROM named GROUP BY ALL HAVING count(*) > 1
    ), frames AS (
        SELECT frame, count(*) AS files, list_sort(list(DISTINCT class_name)) AS classes,
               count(DISTINCT content_hash) AS contents
        FROM named WHERE frame IS NOT NULL GROUP BY ALL HAVING count(DISTINCT class_name) > 1
    ), labels AS (
        SELECT object_code, frame, bbox_index, count(*) AS files, list_sort(list(DISTINCT class_name)) AS classes,
               count(DISTINCT content_hash) AS contents
        FROM named SEMI JOIN frames USING (frame) WHERE bbox_index IS NOT NULL AND object_code IS NOT NULL
        GROUP BY ALL HAVING count(DISTINCT class_name) > 1
    ), codes AS (
        SELECT object_code, list_sort(list(class_name)) AS classes FROM class_catalog
        WHERE object_code IS NOT NULL GROUP BY ALL
    )
    SELECT n.image_id, n.class_name, 'box_twice' AS conflict, n.frame || '|box' || n.bbox_index AS subject, b.files,
           b.classes, b.contents AS different_contents, n.session_id, n.batch_id
    FROM named n JOIN boxes b USING (class_name, frame, bbox_index)
    UNION ALL BY NAME
    SELECT n.image_id, n.class_name, 'frame_twice' AS conflict,
           format('{}|{} at {} m', n.session_id, n.number, array_to_string(r.distances, ', ')) AS subject, r.files,
           r.classes, r.contents AS different_contents, n.session_id, n.batch_id
    FROM named n JOIN numbers r USING (session_id, number)
    UNION ALL BY NAME
    SELECT n.image_id, n.class_name, 'name_twice' AS conflict, n.file_name AS subject, f.files, f.classes,
           f.contents AS different_contents, n.session_id, n.batch_id
    FROM named n JOIN names f USING (file_name)
    UNION ALL BY NAME
    SELECT n.image_id, n.class_name, 'frame_in_classes' AS conflict, n.frame AS subject, f.files, f.classes,
           f.contents AS different_contents, n.session_id, n.batch_id
    FROM named n JOIN frames f USING (frame) ANTI JOIN labels b USING (object_code, frame, bbox_index)
    UNION ALL BY NAME
    SELECT n.image_id, n.class_name, 'box_in_classes' AS conflict,
           n.object_code || ' in ' || n.frame || '|box' || n.bbox_index AS subject, b.files, b.classes,
           b.contents AS different_contents, n.session_id, n.batch_id
    FROM named n JOIN labels b USING (object_code, frame, bbox_index)
    UNION ALL BY NAME
    SELECT n.image_id, n.class_name, 'other_code' AS conflict, n.object_code AS subject,
           count(*) OVER (PARTITION BY n.class_name, n.object_code) AS files, coalesce(k.classes, []) AS classes,
           count(DISTINCT n.content_hash) OVER (PARTITION BY n.class_name, n.object_code) AS different_contents,
           n.session_id, n.batch_id
    FROM named n JOIN class_catalog c USING (class_name) LEFT JOIN codes k ON k.object_code = n.object_code
    WHERE c.object_code <> n.object_code
    """,
    reads=("file_manifest", "class_catalog"),
)

CLASS_WEIGHTS = View(
    "class_weights",
    "One row per class with images: its share, and weights for a training that evens the classes out.",
    (
        CLASS_NAME,
        column("state", "", "'normal', 'anomaly' or NULL"),
        column("image_count", "", "Images that could be decoded"),
        column("session_count", "", "Sessions among them; NULL where names carry none"),
        column("share", "", "Share of all images, 0..1"),
        column("times_smaller_than_largest", "", "Images of the largest class over images of this one"),
        column("inverse_frequency_weight", "", "images / (classes x images of the class)"),
        column(
            "effective_number_weight",
            "",
            "Cui et al. 2019: (1 - b) / (1 - b^images) with b = 0.9999, scaled so that the weights of all classes have "
            "the mean 1; gentler than inverse frequency where classes are large",
        ),
        column(
            "session_weight",
            "",
            "sessions / (classes x sessions of the class): the sessions are what is independent, frames of one session "
            "are not; NULL unless every class has sessions",
        ),
    ),
    f"""
    WITH sizes AS (
        SELECT s.class_name, count(*) AS image_count, nullif(count(DISTINCT m.session_id), 0) AS session_count
        FROM channel_stats s JOIN file_manifest m USING (image_id) GROUP BY ALL
    ), measured AS (
        SELECT *, (1 - {EFFECTIVE_BETA}) / (1 - {EFFECTIVE_BETA}::DOUBLE ** image_count) AS effective,
               count(*) OVER () AS classes, count(session_count) OVER () AS with_sessions
        FROM sizes
    )
    SELECT w.class_name, c.state, w.image_count, w.session_count,
           w.image_count / sum(w.image_count) OVER () AS share,
           max(w.image_count) OVER () / w.image_count AS times_smaller_than_largest,
           sum(w.image_count) OVER () / (w.classes * w.image_count) AS inverse_frequency_weight,
           w.effective / avg(w.effective) OVER () AS effective_number_weight,
           CASE WHEN w.with_sessions = w.classes
                THEN sum(w.session_count) OVER () / (w.classes * w.session_count) END AS session_weight
    FROM measured w LEFT JOIN class_catalog c USING (class_name)
    """,
    reads=("channel_stats", "file_manifest", "class_catalog"),
)

CLASS_BALANCE_SUMMARY = View(
    "class_balance_summary",
    "One row per data set: how evenly the images spread over the classes. No row without images.",
    (
        column("classes", "", "Classes with images"),
        column("images", "", "Images that could be decoded"),
        column("largest_class", "", "Name of the largest class"),
        column("smallest_class", "", "Name of the smallest class"),
        column("max_min_ratio", "", "Images of the largest class over images of the smallest"),
        column("entropy_bits", "", "Shannon entropy of the class shares, bits"),
        column("normalised_entropy", "", "entropy_bits over its maximum log2(classes): 1 = all classes equal"),
        column("effective_classes", "", "2 ^ entropy_bits: as many equal classes would be as diverse"),
        column("gini", "", "Gini coefficient of class sizes: 0 = all equal, towards 1 = one class has nearly all"),
    ),
    """
    WITH sizes AS (SELECT class_name, count(*) AS n FROM channel_stats GROUP BY ALL),
    ranked AS (
        SELECT *, n / sum(n) OVER () AS share, row_number() OVER (ORDER BY n, class_name) AS place FROM sizes
    ), measured AS (
        SELECT count(*) AS classes, sum(n)::BIGINT AS images, arg_max(class_name, (n, class_name)) AS largest_class,
               arg_min(class_name, (n, class_name)) AS smallest_class, max(n) / min(n) AS max_min_ratio,
               greatest(0.0, -sum(share * log2(share))) AS entropy_bits,
               2 * sum(place * n) / (count(*) * sum(n)) - (count(*) + 1) / count(*) AS gini
        FROM ranked
    )
    SELECT classes, images, largest_class, smallest_class, max_min_ratio, entropy_bits,
           CASE WHEN classes > 1 THEN entropy_bits / log2(classes) END AS normalised_entropy,
           2 ** entropy_bits AS effective_classes, gini
    FROM measured WHERE classes > 0
    """,
    reads=("channel_stats",),
)

DATASET_PIXEL_HISTOGRAM = View(
    "dataset_pixel_histogram",
    "One row per channel and level: how many pixels of the whole data set have it.",
    (
        column("channel", "", "'r', 'g' or 'b' of the picture as displayed"),
        column("bin", "", "Level 0..255 (deeper images are scaled to their own range first)"),
        column("count", "", "Pixels of all classes"),
        column("share", "", "Share of the pixels of the channel, 0..1"),
    ),
    """
    SELECT channel, bin, sum(count)::HUGEINT AS count, sum(count) / sum(sum(count)) OVER (PARTITION BY channel) AS share
    FROM pixel_histogram GROUP BY channel, bin
    """,
    reads=("pixel_histogram",),
)

HYGIENE_VIEWS = (NAME_CONFLICTS, CLASS_WEIGHTS, CLASS_BALANCE_SUMMARY, DATASET_PIXEL_HISTOGRAM)
