"""The data-set stage runs once, whole, after the last class: the real automation evaluation on real run records."""

from __future__ import annotations

import dagster as dg
import pytest

from thermal_assets.definitions import defs
from thermal_assets.defs.automation import DATASET_ROOT, DATASET_STAGE, ROOT
from thermal_assets.defs.partitions import CLASS_PARTITIONS_NAME
from thermal_assets.defs.stages import EMBED, MEASURE

CLASS_ASSETS = {*EMBED, *MEASURE}
# Each evaluated condition costs time; these stand for the stage from its root to its end.
STAGE = {"image_classes", "dataset_neighbors", "duplicates", "separation", "findings", "gate_results"}
STAGE |= {"stg_images", "review_rules", "report", "published"}
DIAGNOSED, NEW = "car_normal", "car_anomaly"


class Automation:
    """The automation of the project on an instance of its own, tick after tick."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self.instance, self.definitions, self.cursor = instance, defs(), None

    def tick(self) -> set[str]:
        """Names of the assets of ``STAGE`` that are requested now."""
        selection = dg.AssetSelection.assets(*STAGE).without_checks()
        result = dg.evaluate_automation_conditions(self.definitions, self.instance, selection, cursor=self.cursor)
        self.cursor = result.cursor
        keys = [found.key for found in result.results if found.true_subset.size]
        return {key.to_user_string() for key in keys if isinstance(key, dg.AssetKey)}

    def materialize(self, *assets: str, partition: str | None = None, version: str = "1") -> None:
        tags = {"dagster/data_version": version}
        for asset in assets:
            self.instance.report_runless_asset_event(dg.AssetMaterialization(asset, partition=partition, tags=tags))


def test_every_asset_of_the_stage_goes_with_its_root() -> None:
    graph = defs().resolve_asset_graph()
    for key in graph.get_all_asset_keys():
        node, name = graph.get(key), key.to_user_string()
        if name in {*CLASS_ASSETS, "l3_lens"}:
            assert node.automation_condition is None, name
        elif name == ROOT:
            assert node.automation_condition == DATASET_ROOT
        else:
            assert node.automation_condition == DATASET_STAGE, name
            assert node.parent_keys, f"{name} would be evaluated beside the root, not after it"


@pytest.fixture
def automation() -> Automation:
    instance = dg.DagsterInstance.ephemeral()
    instance.add_dynamic_partitions(CLASS_PARTITIONS_NAME, [DIAGNOSED, NEW])
    return Automation(instance)


@pytest.mark.filterwarnings("ignore")
def test_one_run_after_the_last_class_and_a_failed_class_does_not_hold_it_back(automation: Automation) -> None:
    automation.tick()
    automation.materialize("l3_lens")
    job = automation.definitions.resolve_job_def("refresh_class")
    run = automation.instance.create_run_for_job(
        job, tags={"dagster/partition": NEW}, asset_selection=job.asset_layer.selected_asset_keys
    )
    automation.materialize(*EMBED, *MEASURE, partition=DIAGNOSED)
    assert automation.tick() == set()  # the other class is queued
    automation.instance.report_run_failed(run)
    assert automation.tick() == STAGE
    automation.materialize(*sorted(STAGE))
    automation.materialize(*EMBED, *MEASURE, partition=DIAGNOSED)  # run again, and unchanged
    assert automation.tick() == set()
    automation.materialize("class_densities", partition=DIAGNOSED, version="2")
    assert automation.tick() == STAGE
    automation.materialize(*sorted(STAGE))
    assert automation.tick() == set()
    automation.materialize("separation", version="3")
    again = automation.tick()
    assert {"findings", "report", "published"} <= again
    assert "dataset_neighbors" not in again


@pytest.mark.filterwarnings("ignore")
def test_a_first_diagnosis_that_has_not_come_to_l3_sets_nothing_off(automation: Automation) -> None:
    automation.tick()
    automation.materialize(*EMBED, partition=DIAGNOSED)
    automation.materialize("l3_lens")
    assert automation.tick() == set()


@pytest.mark.filterwarnings("ignore")
def test_a_run_of_the_stage_that_somebody_started_is_not_overtaken(automation: Automation) -> None:
    automation.tick()
    job = automation.definitions.resolve_job_def("diagnose_dataset")
    run = automation.instance.create_run_for_job(
        job, asset_selection=job.asset_layer.selected_asset_keys, status=dg.DagsterRunStatus.STARTED
    )
    automation.materialize(*EMBED, *MEASURE, partition=DIAGNOSED)
    automation.materialize("image_classes", "duplicates")
    assert automation.tick() == set()
    automation.instance.report_run_failed(run)
    assert {"findings", "report"} <= automation.tick()


@pytest.mark.filterwarnings("ignore")
def test_nothing_of_the_stage_goes_ahead_of_a_list_of_classes_that_is_being_made(automation: Automation) -> None:
    automation.tick()
    automation.materialize(*EMBED, *MEASURE, partition=DIAGNOSED)
    automation.materialize(*sorted(STAGE))
    automation.tick()
    automation.materialize("image_classes", version="2")  # one list has just been made, another one is asked for
    job = automation.definitions.resolve_job_def("list_classes")
    run = automation.instance.create_run_for_job(
        job, asset_selection=job.asset_layer.selected_asset_keys, status=dg.DagsterRunStatus.STARTED
    )
    assert automation.tick() == set()
    automation.instance.report_run_failed(run)
    assert automation.tick() == STAGE - {"image_classes"}
