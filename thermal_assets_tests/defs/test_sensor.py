"""The sensor with Dagster's real run records: what failed is asked for again, a mistake is not."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import dagster as dg
import pytest

from thermal_assets.definitions import defs
from thermal_assets.defs.partitions import CLASS_PARTITIONS_NAME
from thermal_assets.defs.refresh import new_images
from thermal_assets.defs.resources import HomeResource
from thermal_assets.home.layout import Home
from thermal_assets.home.settings import LensSettings
from thermal_assets.steps.refresh import Watch
from thermal_assets_tests.defs.homes import small_home, write_class


class Ticks:
    """Ticks of ``new_images`` on an instance of their own, with what the daemon does between them."""

    def __init__(self, home: Home) -> None:
        self.home, self.instance, self.cursor = home, dg.DagsterInstance.ephemeral(), ""
        self.told = ""

    def tick(self) -> list[dg.RunRequest]:
        context = dg.build_sensor_context(
            self.instance,
            cursor=self.cursor,
            sensor_name="new_images",
            resources={"home": HomeResource(path=str(self.home.root))},
        )
        result = new_images(context)
        if isinstance(result, dg.SkipReason):
            self.told = result.skip_message or ""
            return []
        self.cursor, self.told = result.cursor or "", result.skip_reason.skip_message if result.skip_reason else ""
        for request in result.dynamic_partitions_requests or []:
            if isinstance(request, dg.AddDynamicPartitionsRequest):
                self.instance.add_dynamic_partitions(CLASS_PARTITIONS_NAME, request.partition_keys)
            else:
                for key in request.partition_keys:
                    self.instance.delete_dynamic_partition(CLASS_PARTITIONS_NAME, key)
        return list(result.run_requests or [])

    def run(self, request: dg.RunRequest) -> bool:
        """Run a requested job to its end, tagged as the daemon tags it."""
        job = defs().resolve_job_def(request.job_name or "")
        tags = {"dagster/run_key": request.run_key or "", "dagster/sensor_name": "new_images"}
        home = {"home": {"config": {"path": str(self.home.root)}}}
        return job.execute_in_process(
            instance=self.instance,
            partition_key=request.partition_key,
            tags=tags,
            raise_on_error=False,
            run_config={"resources": home, "loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        ).success

    def killed(self, request: dg.RunRequest) -> None:
        """Record the run as one whose process was killed."""
        job = defs().resolve_job_def(request.job_name or "")
        tags = {"dagster/run_key": request.run_key or "", "dagster/sensor_name": "new_images"}
        run = self.instance.create_run_for_job(job, tags={**tags, "dagster/partition": request.partition_key or ""})
        self.instance.report_run_failed(run)

    def let_time_pass(self) -> None:
        watch = Watch.from_cursor(self.cursor)
        for asked in watch.requests.asked.values():
            asked.again_at = min(asked.again_at, time.time() - 1)
        self.cursor = watch.to_cursor()


@pytest.mark.filterwarnings("ignore")
def test_a_killed_run_is_asked_for_again_and_a_mistake_only_once_it_is_mended(tmp_path: Path) -> None:
    weights = tmp_path / "weights.pth"
    weights.write_bytes(b"no weights at all")
    ticks = Ticks(small_home(tmp_path, {"pipe": 3}, LensSettings(name="mobilenet_v2", weights=str(weights))))
    assert ticks.tick() == []
    assert "still changing: pipe" in ticks.told
    (first,) = ticks.tick()
    assert (first.job_name, first.partition_key) == ("embed_class", "pipe")
    ticks.killed(first)
    assert ticks.tick() == []
    assert "pipe: the process of the run ended; asked for again in" in ticks.told
    ticks.let_time_pass()
    (second,) = ticks.tick()
    assert second.partition_key == "pipe"
    assert second.run_key != first.run_key

    assert not ticks.run(second)  # the weights are no weights
    assert ticks.tick() == []
    assert "not repeated until its folder or the settings of the home change" in ticks.told
    assert weights.name in ticks.told
    ticks.let_time_pass()
    assert ticks.tick() == []

    text = (ticks.home.root / "home.toml").read_text()
    text = text.replace('name = "mobilenet_v2"', 'name = "random-mobilenet_v2"').replace("weights = ", "# weights = ")
    (ticks.home.root / "home.toml").write_text(text)
    (third,) = ticks.tick()
    assert ticks.run(third)
    (lens,) = ticks.tick()  # embedded: the first diagnosis goes on
    assert lens.job_name == "refit_l3_lens"
    assert "pipe" not in Watch.from_cursor(ticks.cursor).requests.asked


@pytest.mark.filterwarnings("ignore")
def test_classes_come_and_go_but_an_unmounted_disk_removes_nothing(tmp_path: Path) -> None:
    ticks = Ticks(small_home(tmp_path, {"pipe": 2, "valve": 2}))
    images = tmp_path / "images"
    ticks.tick()
    write_class(images / "brief", 1, 9)
    ticks.tick()
    assert set(ticks.instance.get_dynamic_partitions(CLASS_PARTITIONS_NAME)) == {"brief", "pipe", "valve"}
    shutil.rmtree(images / "brief")
    ticks.tick()
    assert set(ticks.instance.get_dynamic_partitions(CLASS_PARTITIONS_NAME)) == {"pipe", "valve"}
    images.rename(tmp_path / "elsewhere")
    images.mkdir()
    assert ticks.tick() == []
    assert "nothing is removed" in ticks.told
    assert set(ticks.instance.get_dynamic_partitions(CLASS_PARTITIONS_NAME)) == {"pipe", "valve"}


@pytest.mark.filterwarnings("ignore")
def test_a_class_is_not_asked_for_while_a_run_of_it_waits_and_a_failed_data_set_stage_is_asked_for_again(
    tmp_path: Path,
) -> None:
    ticks = Ticks(small_home(tmp_path, {"pipe": 2}))
    ticks.instance.add_dynamic_partitions(CLASS_PARTITIONS_NAME, ["pipe"])
    job = defs().resolve_job_def("embed_class")
    by_hand = ticks.instance.create_run_for_job(
        job, tags={**job.tags, "dagster/partition": "pipe"}, status=dg.DagsterRunStatus.STARTED
    )
    for _ in range(3):
        assert ticks.tick() == []
        assert "changed, waiting for a run that is under way: pipe" in ticks.told
    ticks.instance.report_run_failed(by_hand)
    ticks.tick()
    (asked,) = ticks.tick()
    assert (asked.job_name, asked.partition_key) == ("embed_class", "pipe")

    stage = defs().resolve_job_def("diagnose_dataset")
    selection = stage.asset_layer.selected_asset_keys
    failed = ticks.instance.create_run_for_job(stage, tags=stage.tags, asset_selection=selection)
    ticks.instance.report_run_failed(failed)
    assert ticks.tick() == []
    assert "the data-set stage: the process of the run ended; asked for again in" in ticks.told
    ticks.let_time_pass()
    assert "diagnose_dataset" in [request.job_name for request in ticks.tick()]
