"""What a home's Dagster history says, and whether a deployment has come to rest."""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from benchmarks.endurance.checking import patience
from thermal_assets.home.layout import open_home
from thermal_assets.manifest.identity import partition_key_of
from thermal_assets.manifest.scanning import read_catalog
from thermal_assets.manifest.watching import full_state
from thermal_assets.steps.first_diagnosis import manifest_state
from thermal_assets.warehouse.publishing import CLASS_ASSETS
from thermal_assets_tests.end_to_end.homes import query

UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
POOLS = ("image_pass", "neighbors")


@contextlib.contextmanager
def history(home: Path) -> Iterator[dg.DagsterInstance]:
    """The Dagster instance of ``home``, to read from."""
    with dg.DagsterInstance.from_config(str(home)) as instance:
        yield instance


def unfinished_runs(home: Path) -> list[dg.RunRecord]:
    """Runs that are queued or under way, or that Dagster believes to be."""
    with history(home) as instance:
        return list(instance.get_run_records(dg.RunsFilter(statuses=UNFINISHED)))


def runs_since(home: Path, moment: float) -> list[dg.RunRecord]:
    """Runs created after ``moment`` (seconds since the epoch), oldest first."""
    with history(home) as instance:
        records = instance.get_run_records()
    return sorted(
        (record for record in records if record.create_timestamp.timestamp() >= moment),
        key=lambda record: record.create_timestamp,
    )


def outcome_counts(home: Path) -> dict[str, int]:
    """Number of runs by how they ended."""
    with history(home) as instance:
        return dict(Counter(record.dagster_run.status.value for record in instance.get_run_records()))


def claimed_slots(home: Path) -> int:
    """Places in the pools that are taken."""
    with history(home) as instance:
        return sum(
            len(instance.event_log_storage.get_concurrency_info(pool).claimed_slots)
            for pool in POOLS
            if pool in instance.event_log_storage.get_concurrency_keys()
        )


def unsettled(home: Path) -> list[str]:
    """Reasons, in words, why the home does not yet show its image folder as it is; empty when it does."""
    reasons = [
        f"{record.dagster_run.job_name} is {record.dagster_run.status.value}" for record in unfinished_runs(home)
    ]
    if reasons:
        return reasons
    opened = open_home(home)
    classes = read_catalog(opened.image_root).classes
    listed = {name for (name,) in query(home, "SELECT class_name FROM class_catalog")}
    reasons += [f"class {name} is not listed as it is" for name in listed.symmetric_difference(classes)]
    for name in classes:
        if manifest_state(opened, name) != full_state(opened.image_root, name):
            reasons.append(f"the manifest of {name} is behind its folder")
    versions: dict[str, set[str]] = {}
    assets: Counter[str] = Counter()
    for partition, asset, version in query(home, "SELECT partition, asset, manifest_version FROM asset_versions"):
        if asset in CLASS_ASSETS:
            versions.setdefault(partition, set()).add(version)
            assets[partition] += 1
    for name in classes:
        key = partition_key_of(name)
        if assets[key] != len(CLASS_ASSETS) or len(versions[key]) != 1:
            reasons.append(f"class {name} is between two states")
    published = dict(query(home, "SELECT class_name, manifest_version FROM publication"))
    shown = {name: next(iter(versions.get(partition_key_of(name), {""}))) for name in classes}
    if published != shown:
        reasons.append("what is published is behind the classes")
    ((behind,),) = query(
        home,
        "SELECT coalesce(max(started_at) FILTER (asset = 'published'), '1970-01-01'::TIMESTAMPTZ) < "
        "max(started_at) FILTER (asset IN ('class_outliers', 'image_classes') AND status = 'written') FROM run_log",
    )
    if behind:
        reasons.append("the data-set stage has not run since the last class")
    ((new_lens,),) = query(
        home, "SELECT NOT coalesce(arg_max(in_force, created_at), false) FROM lenses WHERE level = 'L3'"
    )
    if new_lens:
        reasons.append("the newest L3 lens is not in force")
    return reasons


def settle(home: Path, seconds: float, quiet: float = 40.0) -> list[str]:
    """Wait until the home has been at rest for ``quiet`` seconds; returns the reasons if it never was."""
    deadline = time.monotonic() + patience(seconds)
    rested: float | None = None
    while True:
        reasons = unsettled(home)
        now = time.monotonic()
        rested = None if reasons else rested or now
        if rested is not None and now - rested >= quiet:
            return []
        if now > deadline:
            return reasons or ["it did not stay at rest"]
        time.sleep(2.0)
