"""Gates of L1: files, channels, classes, copies."""

from __future__ import annotations

from thermal_assets.findings.finding import counted, number, percent
from thermal_assets.gates.gate import Gate, GateBasis, Measurement, within

# A class between two states is not judged: its tables belong to different files just now.
_WHOLE = """
    SELECT c.class_name FROM class_catalog c
    JOIN asset_versions f ON f.partition = c.partition_key AND f.asset = 'file_manifest'
    JOIN asset_versions s ON s.partition = c.partition_key AND s.asset = 'channel_stats'
     AND s.manifest_version = f.manifest_version
"""
_UNEXPLAINED = f"""
    SELECT class_name, image_id, 'a file without picture and without reason' AS what FROM file_manifest f
    WHERE class_name IN ({_WHOLE}) AND NOT EXISTS (FROM channel_stats s WHERE s.image_key = f.image_key)
      AND NOT EXISTS (FROM image_problems p WHERE p.image_key = f.image_key)
    UNION ALL
    SELECT class_name, image_id, 'a picture without file' FROM channel_stats s
    WHERE class_name IN ({_WHOLE}) AND NOT EXISTS (FROM file_manifest f WHERE f.image_key = s.image_key)
"""
_UNREADABLE = """
    SELECT f.class_name, f.image_id, min(p.code) AS code FROM file_manifest f
    JOIN image_problems p ON p.image_key = f.image_key AND p.stage IN ('manifest', 'decode')
    ANTI JOIN channel_stats s ON s.image_key = f.image_key GROUP BY ALL
"""
_MODES = "SELECT mode, bit_depth, count(*) AS images FROM channel_stats GROUP BY ALL ORDER BY images DESC"
_SIZES = "SELECT class_name, count(*) AS images FROM channel_stats GROUP BY ALL ORDER BY images, class_name"
_ACROSS = """
    SELECT group_id, kind, class_name, image_id FROM duplicates
    WHERE NOT same_class AND kind IN ('file', 'pixels')
"""


def _manifest(basis: GateBasis) -> Measurement:
    ((wrong, files),) = basis.rows(
        f"SELECT (SELECT count(*) FROM ({_UNEXPLAINED})), (SELECT count(*) FROM file_manifest)"
    )
    if not files:
        return Measurement(None, "No files have been listed yet.")
    return Measurement(
        wrong, f"{number(wrong)} of {counted(files, 'file')} are neither a picture nor listed with a reason."
    )


def _unreadable(basis: GateBasis) -> Measurement:
    ((lost, files),) = basis.rows(
        f"SELECT (SELECT count(*) FROM ({_UNREADABLE})), (SELECT count(*) FROM file_manifest)"
    )
    if not files:
        return Measurement(None, "No files have been listed yet.")
    return Measurement(
        lost / files, f"{number(lost)} of {counted(files, 'file')} gave no picture ({percent(lost / files)})."
    )


def _channel_mix(basis: GateBasis) -> Measurement:
    rows = basis.rows(_MODES)
    total = sum(count for *_, count in rows)
    if not total:
        return Measurement(None, "No image has been read yet.")
    share = 1 - rows[0][2] / total
    return Measurement(
        share,
        f"{percent(share)} of {counted(total, 'image')} are not stored as the others are ({rows[0][0]}, {rows[0][1]} bit).",
    )


def _balance(basis: GateBasis) -> Measurement:
    rows = basis.rows(_SIZES)
    if len(rows) < 2:
        return Measurement(None, "Fewer than two classes have images.")
    (small, least), (large, most) = rows[0], rows[-1]
    return Measurement(
        most / least,
        f"The largest class, {large} ({number(most)}), is {most / least:,.1f} times as large as the smallest, "
        f"{small} ({number(least)}).",
    )


def _copies_across(basis: GateBasis) -> Measurement:
    if not basis.rows("SELECT 1 FROM asset_versions WHERE asset = 'duplicates'"):
        return Measurement(None, "Copies have not been looked for yet.")
    rows = basis.rows(
        f"SELECT count(DISTINCT group_id), list(DISTINCT class_name ORDER BY class_name) FROM ({_ACROSS})"
    )
    groups, names = rows[0]
    return Measurement(
        groups, f"{counted(groups, 'picture')} appear in more than one class{within(list(names or []))}."
    )


GATES = (
    Gate(
        "manifest_reconciles",
        "image_classes",
        "Every file is accounted for",
        _manifest,
        "error",
        0,
        "A file that is neither a picture nor a problem is lost without anybody noticing.",
        _UNEXPLAINED,
        ("file_manifest", "channel_stats"),
    ),
    Gate(
        "unreadable_share",
        "image_classes",
        "Share of files that cannot be read",
        _unreadable,
        "error",
        0.05,
        "At a twentieth the data set is no longer the one that was collected.",
        _UNREADABLE,
        ("file_manifest", "channel_stats"),
    ),
    Gate(
        "channel_mix",
        "image_classes",
        "Share of images outside the commonest pixel mode",
        _channel_mix,
        "warn",
        0.01,
        "From a hundredth on it is a second way of exporting, not a stray file.",
        _MODES,
        ("channel_stats",),
    ),
    Gate(
        "class_balance",
        "image_classes",
        "Largest class over smallest class",
        _balance,
        "warn",
        100,
        "At a hundred to one a usual batch holds about one image of the small class.",
        _SIZES,
        ("channel_stats",),
    ),
    Gate(
        "copies_across_classes",
        "duplicates",
        "Equal pictures in different classes",
        _copies_across,
        "warn",
        0,
        "At most one of their labels is right.",
        _ACROSS,
        ("duplicates",),
    ),
)
