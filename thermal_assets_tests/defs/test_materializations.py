"""What the UI is told of materializations: figures of each class, also in one run over several, and the gates."""

import shutil
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.execution.api import execute_run
from dagster._core.remote_origin import GrpcServerCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin

from thermal_assets.definitions import defs
from thermal_assets.defs.asset_kit import run_partitions
from thermal_assets.defs.partitions import CLASS_PARTITIONS_NAME, class_partitions
from thermal_assets.defs.resources import HomeResource
from thermal_assets.errors import UserError
from thermal_assets.gates.catalog import GATES
from thermal_assets.home.layout import Home
from thermal_assets.steps.first_diagnosis import diagnosis_state
from thermal_assets.steps.manifest import materialize_file_manifest
from thermal_assets.steps.outputs import StepReport
from thermal_assets_tests.defs.homes import small_home

PLOT_BYTES = 60_000
CLASSES = {"drum": 2, "pipe": 3, "valve": 4}
L1 = ["file_manifest", "channel_stats", "class_pixel_stats"]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return small_home(tmp_path, CLASSES)


def _run(home: Home, instance: dg.DagsterInstance, job: str, **arguments: object) -> dg.ExecuteInProcessResult:
    config = {
        "resources": {"home": {"config": {"path": str(home.root)}}},
        "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
    }
    return (
        defs()
        .resolve_job_def(job)
        .execute_in_process(instance=instance, run_config=config, raise_on_error=False, **arguments)  # type: ignore[arg-type]
    )


def _range_run(home: Home, instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    ends = {"dagster/asset_partition_range_start": "drum", "dagster/asset_partition_range_end": "valve"}
    return _run(home, instance, "embed_class", tags=ends, asset_selection=[dg.AssetKey(name) for name in L1])


def _metadata(instance: dg.DagsterInstance, asset: str) -> dict[str, dict[str, object]]:
    """Partition -> metadata of its newest materialization."""
    records = instance.fetch_materializations(dg.AssetKey(asset), limit=100).records
    found: dict[str, dict[str, object]] = {}
    for record in records:
        event = record.asset_materialization
        assert event is not None
        values = {name: value.value for name, value in event.metadata.items()}
        found.setdefault(event.partition or "", values)
    return found


@pytest.mark.filterwarnings("ignore")
def test_a_run_over_several_classes_tells_each_its_own_figures(home: Home) -> None:
    instance = dg.DagsterInstance.ephemeral()
    instance.add_dynamic_partitions(CLASS_PARTITIONS_NAME, sorted(CLASSES))
    assert _range_run(home, instance).success
    for asset, figure in (
        ("file_manifest", "dagster/row_count"),
        ("channel_stats", "decoded_now"),
        ("class_pixel_stats", "images"),
    ):
        told = _metadata(instance, asset)
        assert {name: values[figure] for name, values in told.items()} == CLASSES, asset
    for values in _metadata(instance, "channel_stats").values():
        assert {"seconds", "images_per_second", "rows_written"} <= values.keys()
    plots = [str(values["plot"]) for values in _metadata(instance, "class_pixel_stats").values()]
    assert len(set(plots)) == len(CLASSES)
    assert max(map(len, plots)) < PLOT_BYTES


@pytest.mark.filterwarnings("ignore")
def test_in_a_run_over_several_classes_one_that_fails_does_not_stop_the_others(home: Home) -> None:
    instance = dg.DagsterInstance.ephemeral()
    instance.add_dynamic_partitions(CLASS_PARTITIONS_NAME, sorted(CLASSES))

    def step(opened: Home, run_id: str, partition: str) -> StepReport:
        if partition == "pipe":
            raise UserError("this one cannot be listed")
        return materialize_file_manifest(opened, run_id, partition)

    @dg.asset(name="file_manifest", partitions_def=class_partitions)
    def file_manifest(context: dg.AssetExecutionContext, home: HomeResource) -> dg.MaterializeResult:
        return run_partitions(context, home, step)

    ends = {"dagster/asset_partition_range_start": "drum", "dagster/asset_partition_range_end": "valve"}
    resource = HomeResource(path=str(home.root))
    result = dg.materialize(
        [file_manifest], instance=instance, resources={"home": resource}, tags=ends, raise_on_error=False
    )
    assert not result.success
    assert _metadata(instance, "file_manifest").keys() == {"drum", "valve"}
    assert home.warehouse.frame("SELECT DISTINCT class_name FROM file_manifest ORDER BY 1")["class_name"].to_list() == [
        "drum",
        "valve",
    ]
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    assert "1 of 3 classes failed: pipe:" in str(failure.step_failure_data.user_failure_data)


@pytest.mark.filterwarnings("ignore")
def test_gates_are_judged_as_checks_of_their_assets(home: Home) -> None:
    instance = dg.DagsterInstance.ephemeral()
    instance.add_dynamic_partitions(CLASS_PARTITIONS_NAME, sorted(CLASSES))
    assert _run(home, instance, "list_classes").success
    result = _run(home, instance, "judge_gates")
    assert result.success
    checks = {check.check_name: check for check in result.get_asset_check_evaluations()}
    assert {name: check.asset_key.to_user_string() for name, check in checks.items()} == {
        name: gate.asset for name, gate in GATES.items()
    }
    complete = checks["classes_complete"]
    assert not complete.passed
    assert complete.severity == dg.AssetCheckSeverity.ERROR
    assert complete.description == "3 of 3 classes not measured to the end (drum, pipe, valve)."
    assert checks["vectors_usable"].passed
    assert checks["vectors_usable"].metadata["status"].value == "not measured"


@pytest.mark.filterwarnings("ignore")
def test_runs_of_a_class_that_left_are_cancelled_in_the_queue_and_end_with_one_line_otherwise(home: Home) -> None:
    instance = dg.DagsterInstance.ephemeral()
    instance.add_dynamic_partitions(CLASS_PARTITIONS_NAME, sorted(CLASSES))
    ends = {"dagster/asset_partition_range_start": "drum", "dagster/asset_partition_range_end": "valve"}
    assert _run(home, instance, "embed_class", tags=ends, asset_selection=[dg.AssetKey("file_manifest")]).success
    job = defs().resolve_job_def("refresh_class")
    config = {"resources": {"home": {"config": {"path": str(home.root)}}}}
    tags = {"dagster/partition": "pipe"}
    origin = RemoteJobOrigin(
        RemoteRepositoryOrigin(GrpcServerCodeLocationOrigin("localhost", 1), "__repository__"), job.name
    )
    queued = instance.create_run_for_job(
        job, run_config=config, tags=tags, status=dg.DagsterRunStatus.QUEUED, remote_job_origin=origin
    )
    begun = instance.create_run_for_job(job, run_config=config, tags=tags)
    shutil.rmtree(home.image_root / "pipe")
    assert _run(home, instance, "list_classes").success
    assert instance.get_dynamic_partitions(CLASS_PARTITIONS_NAME) == ["drum", "valve"]
    assert instance.get_run_by_id(queued.run_id).status == dg.DagsterRunStatus.CANCELED  # type: ignore[union-attr]

    result = execute_run(InMemoryJob(job), begun, instance, raise_on_error=False)
    failures = [event.step_failure_data for event in result.all_events if event.is_step_failure]
    told = [failure.user_failure_data.description for failure in failures if failure.user_failure_data]
    assert told == ["class pipe has left, its folder is gone: there is nothing to run"]
    assert len(failures) == 1
    assert home.warehouse.frame("SELECT DISTINCT class_name FROM file_manifest")["class_name"].sort().to_list() == [
        "drum",
        "valve",
    ]


@pytest.mark.filterwarnings("ignore")
def test_a_class_that_was_emptied_before_its_folder_went_leaves_nothing_behind(home: Home) -> None:
    instance = dg.DagsterInstance.ephemeral()
    instance.add_dynamic_partitions(CLASS_PARTITIONS_NAME, sorted(CLASSES))
    assert _range_run(home, instance).success
    for image in (home.image_root / "pipe").iterdir():
        image.unlink()
    assert _range_run(home, instance).success
    (home.image_root / "pipe").rmdir()
    assert _run(home, instance, "list_classes").success
    assert instance.get_dynamic_partitions(CLASS_PARTITIONS_NAME) == ["drum", "valve"]
    assert diagnosis_state(home).listed == {"drum", "valve"}  # or the sensor would ask for the list for ever
