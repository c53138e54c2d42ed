"""Gates of what was found: labels, outliers, separation, findings, classes that are missing."""

from __future__ import annotations

from thermal_assets.findings.finding import counted, number, percent
from thermal_assets.findings.thresholds import Thresholds
from thermal_assets.gates.gate import SEPARABILITY_METRIC, Gate, GateBasis, Measurement, within
from thermal_assets.warehouse.last_judged import last_judged

_LABELS = "SELECT class_name, image_id, neighbor_class, exp(log_odds) AS odds FROM suspect_labels ORDER BY rank"
_FARTHER = last_judged("outlier_distance_ratio", Thresholds().outlier_distance_ratio)
# As the findings judge, but without their budget, which names as many of a bad class as of a good one.
_FAR_OUT = f"""
    SELECT class_name, image_id, min(times_farther) AS times_farther FROM judged_densities
    GROUP BY class_name, image_id HAVING count(*) = 2 AND min(times_farther) >= {_FARTHER}
    ORDER BY min(times_farther) DESC, image_id
"""
_FALLS = f"""
    WITH runs AS (
        SELECT class_name, run_id, value, measured_at,
               row_number() OVER (PARTITION BY class_name ORDER BY measured_at DESC) AS back
        FROM metric_history WHERE metric = '{SEPARABILITY_METRIC}' AND value IS NOT NULL
    )
    SELECT a.class_name, b.value AS before, a.value AS now, b.value - a.value AS fall, b.measured_at AS measured_before
    FROM runs a JOIN runs b ON b.class_name = a.class_name AND b.back = 2
    WHERE a.back = 1 ORDER BY fall DESC, a.class_name
"""
_HIGH = "SELECT class_name, title, statement FROM findings WHERE severity = 'HIGH' AND status = 'open' ORDER BY rank"
# The last asset of a class carries the manifest version that its chain began with.
_NOT_WHOLE = """
    SELECT c.class_name, v.manifest_version AS measured_at_version, f.version AS files_at_version
    FROM class_catalog c
    LEFT JOIN asset_versions f ON f.partition = c.partition_key AND f.asset = 'file_manifest'
    LEFT JOIN asset_versions v ON v.partition = c.partition_key AND v.asset = 'class_outliers'
    WHERE v.manifest_version IS DISTINCT FROM f.version OR f.version IS NULL ORDER BY 1
"""


def _labels(basis: GateBasis) -> Measurement:
    if not basis.rows("SELECT 1 FROM asset_versions WHERE asset = 'label_conflicts'"):
        return Measurement(None, "Labels have not been compared with their neighbours yet.")
    ((images, suspect),) = basis.rows(
        f"SELECT (SELECT count(*) FROM channel_stats), (SELECT count(*) FROM ({_LABELS}))"
    )
    share = suspect / max(images, 1)
    return Measurement(
        share,
        f"{number(suspect)} of {counted(images, 'image')} ({percent(share)}) have a suspect label: "
        "neighbours and a held-out classifier point to another one (view suspect_labels).",
    )


def _far_out(basis: GateBasis) -> Measurement:
    ((judged, far, ratio),) = basis.rows(
        "SELECT (SELECT count(*) FROM (SELECT 1 FROM judged_densities GROUP BY image_key HAVING count(*) = 2)), "
        f"(SELECT count(*) FROM ({_FAR_OUT})), {_FARTHER}"
    )
    if not judged:
        return Measurement(None, "No class has enough images to judge.")
    return Measurement(
        far / judged,
        f"{number(far)} of {counted(judged, 'image')} ({percent(far / judged)}) lie far outside their class: "
        f"at least {ratio:g} times as far from their neighbours as the typical image, at both levels.",
    )


def _separation(basis: GateBasis) -> Measurement:
    rows = basis.rows(_FALLS)
    if not rows:
        return Measurement(None, "There is no earlier run with a separation to compare with.")
    class_name, before, now, fall, _ = rows[0]
    if fall <= 0:
        return Measurement(0, f"Of {counted(len(rows), 'class', 'classes')} none is told apart worse than before.")
    return Measurement(
        fall, f"The AUC of {class_name} against its normal class fell from {before:.3f} to {now:.3f} at L3."
    )


def _high(basis: GateBasis) -> Measurement:
    if not basis.rows("SELECT 1 FROM asset_versions WHERE asset = 'findings'"):
        return Measurement(None, "The findings have not been judged yet.")
    titles = [title for _, title, _ in basis.rows(_HIGH)]
    return Measurement(len(titles), f"{counted(len(titles), 'finding')} of severity HIGH open{within(titles)}.")


def _whole(basis: GateBasis) -> Measurement:
    names = [name for name, *_ in basis.rows(_NOT_WHOLE)]
    ((classes,),) = basis.rows("SELECT count(*) FROM class_catalog")
    if not classes:
        return Measurement(None, "No class has been listed yet.")
    return Measurement(
        len(names),
        f"{number(len(names))} of {counted(classes, 'class', 'classes')} not measured to the end{within(names)}.",
    )


GATES = (
    Gate(
        "classes_complete",
        "image_classes",
        "Classes that were not measured to the end",
        _whole,
        "error",
        0,
        "The figures of the data set leave them out.",
        _NOT_WHOLE,
        ("image_classes", "file_manifest", "class_outliers"),
    ),
    Gate(
        "label_contradictions",
        "label_conflicts",
        "Share of images with a suspect label",
        _labels,
        "warn",
        0.01,
        "Classes that resemble each other exchange a few images; from a hundredth on it is worth a look.",
        _LABELS,
        ("channel_stats", "label_conflicts", "findings"),
    ),
    Gate(
        "outlier_share",
        "dataset_outliers",
        "Share of images far outside their class",
        _far_out,
        "warn",
        0.05,
        "Of 20,000 solar modules it was 1.7 %, of 3,289 crops seen from the air 0.5 %.",
        _FAR_OUT,
        ("class_densities", "findings"),
    ),
    Gate(
        "separation_fall",
        "separation",
        "Fall of the separation since the last run",
        _separation,
        "warn",
        0.05,
        "Images added since make normal and anomaly harder to tell apart, or carry wrong labels.",
        _FALLS,
        ("separation", "findings"),
    ),
    Gate(
        "high_findings",
        "findings",
        "Open findings of severity HIGH",
        _high,
        "warn",
        0,
        "Each says what to do about it.",
        _HIGH,
        ("findings",),
    ),
)
