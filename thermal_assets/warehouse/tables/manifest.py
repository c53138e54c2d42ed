"""Every file, its name taken apart, and what changed."""

from __future__ import annotations

from thermal_assets.warehouse.columns import CLASS_NAME, IMAGE_ID, IMAGE_KEY, PROBLEM_COLUMNS
from thermal_assets.warehouse.schema import Table, column, required

MANIFEST = (
    Table(
        "file_manifest",
        "One row per file seen in a class folder, readable or not.",
        (
            IMAGE_ID,
            CLASS_NAME,
            IMAGE_KEY,
            required("file_name", "VARCHAR", "Last part of image_id"),
            required("extension", "VARCHAR", "Lower-case extension without the dot, '' if none"),
            required("size_bytes", "BIGINT", "File size, bytes"),
            required("mtime_ns", "BIGINT", "Modification time, nanoseconds since 1970 UTC"),
            column("content_hash", "VARCHAR", "blake2b-128 of the bytes, hex; NULL if the file could not be read"),
            column("object_code", "VARCHAR", "Object token of the name"),
            column("state_code", "VARCHAR", "State token of the name (NOM, AON, ...)"),
            column("captured_on", "DATE", "Date token of the name"),
            column("site_code", "VARCHAR", "Site token of the name"),
            column("session_code", "VARCHAR", "Session token of the name, as written (A1016-A1110)"),
            column("session_start", "TIME", "Start of the session window, 24 h"),
            column("session_end", "TIME", "End of the session window, 24 h"),
            column("distance_token", "VARCHAR", "Distance token of the name, as written (D0.5)"),
            column("distance_m", "DOUBLE", "Distance, metres"),
            column("frame_number", "BIGINT", "Frame token of the name"),
            column("bbox_index", "BIGINT", "Box token of the name"),
            column("session_id", "VARCHAR", "date|site|session: the unit of independence; NULL if the name has none"),
            column("frame_id", "VARCHAR", "session|distance|frame: the camera frame the crop came from"),
            column("batch_id", "VARCHAR", "session|distance: the batch that label checks judge"),
            column("extra_tokens", "VARCHAR", "Other named groups of the profile's grammar, as a JSON object"),
            column(
                "tokens_valid", "BOOLEAN", "Every token parsed and inside its range; NULL: the profile has no grammar"
            ),
            required("token_problems", "VARCHAR[]", "What is wrong with the name, one entry a problem"),
        ),
        key=("image_id",),
        owner="file_manifest",
    ),
    Table(
        "manifest_problems",
        "One row per problem met while listing and reading the files of a class.",
        (IMAGE_ID, CLASS_NAME, IMAGE_KEY, *PROBLEM_COLUMNS),
        key=("image_id", "stage", "code"),
        owner="file_manifest",
    ),
    Table(
        "image_changes",
        "One row per image that a materialization found added, edited or removed. Append-only.",
        (
            required("run_id", "VARCHAR", "Dagster run that saw the change"),
            IMAGE_ID,
            CLASS_NAME,
            required("change", "VARCHAR", "'added', 'edited' (same name, other bytes) or 'removed'"),
            required("seen_at", "TIMESTAMPTZ", "When it was seen"),
        ),
        key=("run_id", "image_id"),
        owner="file_manifest",
        append_only=True,
    ),
)
