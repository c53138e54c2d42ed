"""One module a detector: ``detect(connection, thresholds) -> list[Finding]``, with the measure in its docstring."""

from __future__ import annotations

from collections.abc import Callable

import duckdb

from thermal_assets.findings.detectors import (
    blank_images,
    channel_mix,
    class_imbalance,
    constant_alpha,
    distance_effect,
    duplicate_files,
    label_conflicts,
    label_contamination,
    names_invalid,
    near_copies,
    outlier_persistence,
    outliers_shared,
    outside_declared_ranges,
    random_lens,
    session_clump,
    state_contradictions,
    stray_files,
    time_drift,
    tiny_classes,
    two_labels_one_picture,
    unexpected_class,
    unreadable_files,
    weak_separation,
)
from thermal_assets.findings.finding import Finding
from thermal_assets.findings.thresholds import Thresholds

Detector = Callable[[duckdb.DuckDBPyConnection, Thresholds], list[Finding]]

_MODULES = (
    unreadable_files,
    stray_files,
    names_invalid,
    outside_declared_ranges,
    state_contradictions,
    channel_mix,
    constant_alpha,
    blank_images,
    class_imbalance,
    tiny_classes,
    unexpected_class,
    duplicate_files,
    two_labels_one_picture,
    near_copies,
    label_contamination,
    label_conflicts,
    weak_separation,
    distance_effect,
    time_drift,
    outliers_shared,
    outlier_persistence,
    session_clump,
    random_lens,
)

DETECTORS: dict[str, Detector] = {module.__name__.rpartition(".")[2]: module.detect for module in _MODULES}
