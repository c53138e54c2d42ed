"""The nightly sweep asks for the classes that differ from their manifest, and only for them."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest

from thermal_assets.definitions import defs
from thermal_assets.defs.partitions import CLASS_PARTITIONS_NAME
from thermal_assets.defs.resources import HomeResource
from thermal_assets.defs.schedules import nightly_sweep
from thermal_assets.home.layout import Home
from thermal_assets.lenses.state import lens_row, register_lens
from thermal_assets.steps.manifest import materialize_file_manifest
from thermal_assets.warehouse.publishing import CLASS_ASSETS
from thermal_assets_tests.defs.homes import small_home


def _lens(home: Home) -> None:
    row = lens_row(
        lens_id="lens",
        level="L3",
        name="test",
        weights_sha256=None,
        random_weights=False,
        input={},
        dimensions=120,
        real_dimensions=120,
        metric={},
        fitted_on="",
        parameters={},
    )
    with home.warehouse.write() as transaction:
        register_lens(transaction, row)


@pytest.mark.filterwarnings("ignore")
def test_the_nightly_sweep_asks_for_what_differs_from_its_manifest(tmp_path: Path) -> None:
    home = small_home(tmp_path, {"drum": 2, "pipe": 2})
    history = tmp_path / "history"
    history.mkdir()
    instance = dg.DagsterInstance.local_temp(str(history))
    instance.add_dynamic_partitions(CLASS_PARTITIONS_NAME, ["drum", "pipe"])

    def asked() -> list[str]:
        context = dg.build_schedule_context(
            instance,
            datetime.now(UTC),
            repository_def=defs().get_repository_def(),
            resources={"home": HomeResource(path=str(home.root))},
        )
        return [str(request.partition_key) for request in nightly_sweep.evaluate_tick(context).run_requests or []]

    assert asked() == []  # a first diagnosis is the sensor's
    _lens(home)
    assert asked() == ["drum", "pipe"]
    for name in ("drum", "pipe"):
        materialize_file_manifest(home, "run", name)
    assert asked() == ["drum", "pipe"]  # begun and not ended
    with home.warehouse.write() as transaction:
        for asset in CLASS_ASSETS[1:]:
            transaction.connection.execute(
                "INSERT INTO asset_versions SELECT * REPLACE (? AS asset) FROM asset_versions WHERE asset = ?",
                [asset, CLASS_ASSETS[0]],
            )
    assert asked() == []
    os.utime(home.image_root / "pipe" / "0.png", ns=(5, 5))  # in place: the folder looks as before
    assert asked() == ["pipe"]
