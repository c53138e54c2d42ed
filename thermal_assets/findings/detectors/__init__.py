"""One module a detector: ``detect(connection, thresholds) -> list[Finding]``, with the measure in its docstring."""

from __future__ import annotations

from collections.abc import Callable

import duckdb

from thermal_assets.findings.detectors import (
    annotation_contradictions,
    annotation_files,
    annotation_values,
    blank_images,
    channel_mix,
    class_imbalance,
    constant_alpha,
    distance_effect,
    duplicate_files,
    image_quality,
    label_conflicts,
    label_contamination,
    name_conflicts,
    names_invalid,
    near_copies,
    outlier_persistence,
    outliers_shared,
    outside_declared_ranges,
    overlays,
    pixel_defects,
    place_drift,
    random_lens,
    run_drift,
    session_clump,
    shortcuts,
    state_contradictions,
    stray_files,
    temperature_limits,
    time_drift,
    tiny_classes,
    two_labels_one_picture,
    two_normals,
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
    name_conflicts,
    channel_mix,
    constant_alpha,
    blank_images,
    image_quality,
    pixel_defects,
    overlays,
    annotation_contradictions,
    annotation_values,
    annotation_files,
    class_imbalance,
    tiny_classes,
    unexpected_class,
    duplicate_files,
    two_labels_one_picture,
    near_copies,
    label_contamination,
    label_conflicts,
    weak_separation,
    shortcuts,
    distance_effect,
    two_normals,
    temperature_limits,
    time_drift,
    place_drift,
    run_drift,
    outliers_shared,
    outlier_persistence,
    session_clump,
    random_lens,
)

DETECTORS: dict[str, Detector] = {module.__name__.rpartition(".")[2]: module.detect for module in _MODULES}
