"""Which classes there are, and what happens when one goes."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime

import polars as pl

from thermal_assets.errors import UserError
from thermal_assets.home.layout import Home
from thermal_assets.manifest.identity import class_of, image_keys, partition_key_of
from thermal_assets.manifest.scanning import Catalog, read_catalog
from thermal_assets.profile import Profile
from thermal_assets.steps.outputs import AssetPlan, Output, Slice, StepReport
from thermal_assets.steps.step import run_step
from thermal_assets.steps.versions import fingerprint
from thermal_assets.warehouse.access import empty_frame
from thermal_assets.warehouse.contract import TABLES
from thermal_assets.warehouse.transaction import Transaction

# Comparisons between classes: rows of a class that is gone leave through either column.
_CLASS_COLUMNS = ("class_name", "normal_class", "anomaly_class")


def require_classes(home: Home) -> Catalog:
    """The catalog of the image root.

    Raises:
        UserError: there is no class folder at all. Nothing is removed then: a disk may be unmounted.
    """
    catalog = read_catalog(home.image_root)
    if not catalog.classes:
        raise UserError(
            f"{home.image_root} holds no class folders ({len(catalog.strays)} files lie in it): "
            "give the folder that holds one folder per class"
        )
    return catalog


def materialize_image_classes(home: Home, run_id: str) -> tuple[StepReport, list[str]]:
    """Write class_catalog and stray_files; classes whose folder is gone leave with all their rows.

    Returns the report and the partition keys of the classes that left.
    """
    catalog = require_classes(home)
    gone: list[str] = []

    def remove_gone(transaction: Transaction) -> None:
        for class_name in sorted(_known_classes(transaction) - set(catalog.classes)):
            _remove_class(transaction, class_name, run_id)
            gone.append(partition_key_of(class_name))

    def compute(due: frozenset[str]) -> dict[str, Output]:
        return {
            "image_classes": Output(
                [
                    Slice("class_catalog", _catalog_frame(catalog, home.profile)),
                    Slice("stray_files", _stray_frame(catalog)),
                ],
                # Not of the whole profile: a changed threshold must not measure the data set anew.
                version=fingerprint(_catalog_frame(catalog, home.profile).rows(), home.profile.manifest_fingerprint),
                also=remove_gone,
                metadata={"classes": list(catalog.classes), "stray_files": len(catalog.strays)},
            )
        }

    plan = AssetPlan("image_classes", "1", {"profile": home.profile.fingerprint}, always=True)
    report = run_step(home, run_id, [plan], compute)["image_classes"]
    for partition in gone:
        shutil.rmtree(home.neighbor_lists / partition, ignore_errors=True)
    return report, gone


def _known_classes(transaction: Transaction) -> set[str]:
    """Classes with files, and those whose last files left before their folder did."""
    names = transaction.connection.execute("SELECT DISTINCT class_name FROM file_manifest").fetchall()
    partitions = transaction.connection.execute(
        "SELECT DISTINCT partition FROM asset_versions WHERE asset = 'file_manifest'"
    ).fetchall()
    return {name for (name,) in names} | {class_of(partition) for (partition,) in partitions}


def _remove_class(transaction: Transaction, class_name: str, run_id: str) -> None:
    transaction.connection.execute(
        "INSERT INTO image_changes BY NAME "
        "SELECT ? AS run_id, image_id, class_name, 'removed' AS change, ?::TIMESTAMPTZ AS seen_at "
        "FROM file_manifest WHERE class_name = ?",
        [run_id, datetime.now(UTC), class_name],
    )
    for table in TABLES.values():
        if table.append_only:
            continue
        for name in _CLASS_COLUMNS:
            if name in table.column_names:
                transaction.delete(table.name, {name: class_name})
    transaction.delete("asset_versions", {"partition": partition_key_of(class_name)})


def _catalog_frame(catalog: Catalog, profile: Profile) -> pl.DataFrame:
    rules = [profile.rule_for(name) for name in catalog.classes]
    return pl.DataFrame(
        {
            "class_name": list(catalog.classes),
            "partition_key": [partition_key_of(name) for name in catalog.classes],
            "object_code": [rule.code or rule.object if rule else None for rule in rules],
            "state": [rule.state if rule else None for rule in rules],
            "pair": [rule.pair if rule else None for rule in rules],
            "expected": [rule is not None if profile.closed else None for rule in rules],
        },
        schema=empty_frame("class_catalog").schema,
    )


def _stray_frame(catalog: Catalog) -> pl.DataFrame:
    ids = [seen.image_id for seen in catalog.strays]
    problems = [seen.problem or ("", "") for seen in catalog.strays]
    return pl.DataFrame(
        {
            "image_id": ids,
            "image_key": image_keys(ids),
            "stage": ["catalog"] * len(ids),
            "code": [code for code, _ in problems],
            "message": [message for _, message in problems],
        },
        schema=empty_frame("stray_files").schema,
    )
