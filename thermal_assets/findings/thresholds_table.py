"""Thresholds as a table, so that SQL judges by what the profile says instead of by numbers of its own."""

from __future__ import annotations

import polars as pl

from thermal_assets.findings.thresholds import Thresholds
from thermal_assets.statistics.code_objects import PURITY

_DEFINITIONS = {
    "code_purity": (
        PURITY,
        "Share of the files of an object or state code that must lie in one class or state before the code counts "
        "as a name for it. A definition, not a setting.",
    )
}


def thresholds_frame(thresholds: Thresholds) -> pl.DataFrame:
    """The rows of table ``thresholds``: name, value, changed (differs from the default), reason."""
    rows = [
        (name, float(value), value != Thresholds.model_fields[name].default, Thresholds.model_fields[name].description)
        for name, value in thresholds
    ]
    rows += [(name, value, False, reason) for name, (value, reason) in _DEFINITIONS.items()]
    return pl.DataFrame(rows, schema=["name", "value", "changed", "reason"], orient="row").cast(
        {"value": pl.Float64, "changed": pl.Boolean}
    )
