"""The sensor that watches the image folder, and the one that runs declarative automation."""

from collections.abc import Collection, Iterator

import dagster as dg

from thermal_assets.defs.jobs import embed_class, list_classes, measure_class, refit_l3_lens, refresh_class
from thermal_assets.defs.partitions import CLASS_PARTITIONS_NAME, class_partitions
from thermal_assets.defs.resources import HomeResource
from thermal_assets.errors import UserError
from thermal_assets.manifest.identity import partition_key_of
from thermal_assets.steps.first_diagnosis import DiagnosisState, diagnosed_state, diagnosis_state
from thermal_assets.steps.refresh import Watch, look

_BUDGET_SECONDS = 5.0
_UNFINISHED = [dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTING]
_UNFINISHED += [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]


@dg.sensor(
    jobs=[embed_class, measure_class, refresh_class, refit_l3_lens, list_classes],
    minimum_interval_seconds=15,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Watches the image folder: new class folders become partitions, changed classes get one run of their "
    "chain once their files have stopped changing, removed classes leave. Also leads a new home through its first "
    "diagnosis: all classes to L2, then the L3 lens, then all classes through it.",
)
def new_images(context: dg.SensorEvaluationContext, home: HomeResource) -> dg.SensorResult | dg.SkipReason:
    try:
        opened = home.open()
        state = diagnosis_state(opened)
        watch = Watch.from_cursor(context.cursor)
        seen = look(opened.image_root, watch, _BUDGET_SECONDS, lambda name: diagnosed_state(opened, name))
    except UserError as error:
        return dg.SkipReason(str(error))
    if not seen.classes:
        return dg.SkipReason(f"{opened.image_root} holds no class folders: nothing is removed, a disk may be unmounted")
    keys = {name: partition_key_of(name) for name in seen.classes}
    known = set(context.instance.get_dynamic_partitions(CLASS_PARTITIONS_NAME))
    new = sorted(set(keys.values()) - known)
    chain = "refresh_class" if state.l3_lens else "embed_class"
    requests = [
        dg.RunRequest(run_key=f"{keys[name]}:{counter}", job_name=chain, partition_key=keys[name])
        for name, counter in seen.due
    ]
    if not requests and not seen.settling and not _class_runs_unfinished(context.instance):
        requests += _first_diagnosis(state, keys.values())
    if seen.gone or (new and known):
        # The classes are the root of the data-set stage: adding or removing one runs it.
        watch.changes += 1
        requests.append(dg.RunRequest(run_key=f"classes:{watch.changes}", job_name="list_classes"))
    context.log.info(
        f"{len(seen.classes)} classes, {seen.swept} looked through; due: {len(seen.due)}, "
        f"still changing: {len(seen.settling)}, new: {len(new)}, gone: {len(seen.gone)}"
    )
    return dg.SensorResult(
        run_requests=requests,
        cursor=watch.to_cursor(),
        dynamic_partitions_requests=[class_partitions.build_add_request(new)] if new else [],
    )


def _first_diagnosis(state: DiagnosisState, partitions: Collection[str]) -> Iterator[dg.RunRequest]:
    """What a home that has not been diagnosed yet needs next, once no class run is under way."""
    if not state.l3_lens:
        if state.embedded:
            yield dg.RunRequest(run_key=f"first lens:{len(state.embedded)}", job_name="refit_l3_lens")
        return
    for partition in sorted(state.embedded.intersection(partitions) - state.measured):
        yield dg.RunRequest(run_key=f"{partition}:{state.l3_lens}", job_name="measure_class", partition_key=partition)


def _class_runs_unfinished(instance: dg.DagsterInstance) -> bool:
    jobs = {"embed_class", "measure_class", "refresh_class", "refit_l3_lens"}
    records = instance.get_run_records(dg.RunsFilter(statuses=_UNFINISHED), limit=200)
    return any(record.dagster_run.job_name in jobs for record in records)


automation = dg.AutomationConditionSensorDefinition(
    "automation",
    target=dg.AssetSelection.all(),
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=30,
    description="Runs the data-set stage after the last class that changed.",
)
