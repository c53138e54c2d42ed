"""What annotation files say about images, and where they contradict names, folders and pixels."""

from __future__ import annotations

from thermal_assets.warehouse.columns import CLASS_NAME, IMAGE_ID, IMAGE_KEY
from thermal_assets.warehouse.schema import Table, column, required

_SOURCE = (
    "Annotation file: 'annotations/' stands for the folder of the annotations, 'images/' for the image folder; "
    "'%' and undecodable bytes are percent-escaped"
)
_INDEX = "1 = the first object of the image; 0 = the image as a whole"

ANNOTATIONS = (
    Table(
        "annotations",
        "One row per annotated object of an image. An image whose file names no object has one row: annotation_index 0.",
        (
            IMAGE_ID,
            CLASS_NAME,
            IMAGE_KEY,
            required("annotation_index", "INTEGER", _INDEX),
            required("source_file", "VARCHAR", _SOURCE),
            required("format", "VARCHAR", "'aihub' (with the measurement), or 'coco'"),
            column("category", "VARCHAR", "Category of the object, as written"),
            column("supercategory", "VARCHAR", "Group of the category, as written"),
            column("bbox_x", "DOUBLE", "Left edge of the box in the frame, pixels"),
            column("bbox_y", "DOUBLE", "Upper edge of the box in the frame, pixels"),
            column("bbox_width", "DOUBLE", "Width of the box, pixels"),
            column("bbox_height", "DOUBLE", "Height of the box, pixels"),
            column("frame_width", "INTEGER", "Width of the frame that the box lies in, pixels"),
            column("frame_height", "INTEGER", "Height of that frame, pixels"),
            column("environment_temperature_c", "DOUBLE", "Air temperature, degrees Celsius"),
            column("humidity_percent", "DOUBLE", "Relative humidity, per cent"),
            column("wind_m_s", "DOUBLE", "Wind, metres per second"),
            column("inspection_temperature_low_c", "DOUBLE", "Temperature at the cold end of the palette, Celsius"),
            column("inspection_temperature_high_c", "DOUBLE", "Temperature at the hot end of the palette, Celsius"),
            column("inspection_distance_m", "DOUBLE", "Distance of the camera from the object, metres"),
            column("captured_at", "TIMESTAMP", "Local time of the picture"),
            column("licence", "VARCHAR", "Name of the licence"),
        ),
        key=("image_id", "annotation_index"),
        owner="annotations",
    ),
    Table(
        "annotation_problems",
        "One row per contradiction between an annotation and its own ranges, the name, the folder or the pixels.",
        (
            CLASS_NAME,
            required("subject", "VARCHAR", "image_id, or source_file where no image is concerned"),
            column("image_id", "VARCHAR", "Image concerned; NULL where the problem is one of a file"),
            required("annotation_index", "INTEGER", _INDEX),
            required("code", "VARCHAR", "Short name of the problem, stable over versions"),
            required(
                "field", "VARCHAR", "What the problem is about (Inspection_distance, bbox ...); '' for a whole file"
            ),
            required("message", "VARCHAR", "What is wrong, one line"),
            column("expected", "VARCHAR", "What name, folder, pixels or profile say"),
            column("found", "VARCHAR", "What the annotation says"),
            column("source_file", "VARCHAR", _SOURCE + "; NULL where there is none"),
        ),
        key=("class_name", "subject", "code", "field", "annotation_index"),
        owner="annotations",
    ),
    Table(
        "annotation_files",
        "One row per class and annotation file that may speak of it, readable or not.",
        (
            CLASS_NAME,
            required("source_file", "VARCHAR", _SOURCE),
            required("size_bytes", "BIGINT", "File size, bytes"),
            required("mtime_ns", "BIGINT", "Modification time, nanoseconds since 1970 UTC"),
            column("content_hash", "VARCHAR", "blake2b-128 of the bytes, hex; NULL if the file could not be read"),
            column("format", "VARCHAR", "'aihub', 'coco', or NULL if nothing could be read from it"),
            required("shared", "BOOLEAN", "True: the file lies above the class folders and may speak of every class"),
            required("image_entries", "BIGINT", "Images the file speaks of"),
            required("matched_images", "BIGINT", "Those of them that are images of this class"),
        ),
        key=("class_name", "source_file"),
        owner="annotations",
    ),
)
