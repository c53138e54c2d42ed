"""Gates of age: is the diagnosis older than the images, or older than anybody wants it."""

from __future__ import annotations

from datetime import UTC

from thermal_assets.errors import UserError
from thermal_assets.findings.finding import counted
from thermal_assets.gates.gate import Gate, GateBasis, Measurement, within
from thermal_assets.manifest.identity import partition_key_of
from thermal_assets.manifest.scanning import read_catalog
from thermal_assets.manifest.watching import folders_changed_at

_WRITTEN = """
    SELECT partition, max(started_at) AS looked_at FROM run_log WHERE asset = 'file_manifest' GROUP BY 1 ORDER BY 2
"""
_LAST = "SELECT run_id, max(started_at) AS started_at FROM run_log WHERE asset = 'findings' GROUP BY 1 ORDER BY 2 DESC LIMIT 1"


def _folders(basis: GateBasis) -> Measurement:
    try:
        classes = read_catalog(basis.image_root).classes
    except UserError as error:
        return Measurement(None, f"The image folder cannot be read: {error}.")
    looked = {partition: at.astimezone(UTC).timestamp() for partition, at in basis.rows(_WRITTEN)}
    newer = [
        name for name in classes if folders_changed_at(basis.image_root, name) > looked.get(partition_key_of(name), 0.0)
    ]
    return Measurement(
        len(newer),
        f"{counted(len(newer), 'class folder')} changed since last looked through{within(newer)}; files overwritten in "
        "place are seen by the sensor and the nightly sweep only.",
    )


def _age(basis: GateBasis) -> Measurement:
    rows = basis.rows(_LAST)
    if not rows:
        return Measurement(None, "The data set has not been diagnosed yet.")
    started = rows[0][1]
    days = (basis.now - started.astimezone(UTC)).total_seconds() / 86_400
    return Measurement(max(days, 0.0), f"The last diagnosis began {started:%Y-%m-%d %H:%M} ({days:.1f} days ago).")


GATES = (
    Gate(
        "images_newer",
        "image_classes",
        "Class folders changed since they were looked through",
        _folders,
        "warn",
        0,
        "The figures speak of other files than those on the disk.",
        _WRITTEN,
    ),
    Gate(
        "diagnosis_age",
        "findings",
        "Days since the last diagnosis",
        _age,
        "warn",
        30,
        "A data set that grows is looked at once a month at least.",
        _LAST,
    ),
)
