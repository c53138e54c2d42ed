"""The sensor that watches the image folder, and the one that runs declarative automation."""

import time
from collections.abc import Collection, Iterator

import dagster as dg
from dagster._core.storage.tags import ASSET_PARTITION_RANGE_START_TAG, PARTITION_NAME_TAG

from thermal_assets.defs.jobs import (
    STAGE_TAG,
    diagnose_dataset,
    embed_class,
    list_classes,
    measure_class,
    refit_l3_lens,
    refresh_class,
)
from thermal_assets.defs.partitions import CLASS_PARTITIONS_NAME, class_partitions
from thermal_assets.defs.resources import HomeResource
from thermal_assets.defs.run_outcomes import run_outcome, run_outcomes
from thermal_assets.errors import UserError
from thermal_assets.manifest.identity import partition_key_of
from thermal_assets.manifest.scanning import read_catalog
from thermal_assets.steps.first_diagnosis import DiagnosisState, diagnosed_state, diagnosis_state, settings_state
from thermal_assets.steps.refresh import Look, Watch, look
from thermal_assets.steps.requests import Outcome

_BUDGET_SECONDS = 5.0
_CLASSES = "the list of classes"
_LENS = "the L3 lens"
_STAGE = "the data-set stage"
# The data-set stage ends with this asset.
_LAST = dg.AssetKey("published")
_RECENT_RUNS = 20
_UNFINISHED = [dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTING]
_UNFINISHED += [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]


@dg.sensor(
    jobs=[embed_class, measure_class, refresh_class, refit_l3_lens, list_classes, diagnose_dataset],
    minimum_interval_seconds=15,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Watches the image folder: new class folders become partitions, changed classes get one run of their "
    "chain once their files have stopped changing, removed classes leave; what failed for a reason that can pass is "
    "asked for again, at most three times. Also leads a new home through its first diagnosis: all classes to L2, then "
    "the L3 lens, then all classes through it. Each tick tells what it saw.",
)
def new_images(context: dg.SensorEvaluationContext, home: HomeResource) -> dg.SensorResult | dg.SkipReason:
    started = time.monotonic()
    try:
        opened = home.open()
        state = diagnosis_state(opened)
        watch = Watch.from_cursor(context.cursor)
        watch.requests.settings_are(settings_state(opened), time.time())
        _take_in_outcomes(context, watch)
        seen = look(
            opened.image_root,
            watch,
            _BUDGET_SECONDS,
            lambda name: diagnosed_state(opened, name),
            opened.annotations,
            _busy(context.instance, watch, read_catalog(opened.image_root).classes),
        )
    except UserError as error:
        return dg.SkipReason(str(error))
    if not seen.classes:
        return dg.SkipReason(f"{opened.image_root} holds no class folders: nothing is removed, a disk may be unmounted")
    partitions = {name: partition_key_of(name) for name in seen.classes}
    known = set(context.instance.get_dynamic_partitions(CLASS_PARTITIONS_NAME))
    new = sorted(set(partitions.values()) - known)
    # Classes with rows leave by list_classes, in one transaction; here only folders that came and went unread.
    unread = sorted(known - set(partitions.values()) - state.listed)
    requests = list(_requests(context.instance, watch, seen, partitions, state))
    told = _told(seen, watch, new, requests, time.monotonic() - started)
    context.log.info(told)
    return dg.SensorResult(
        run_requests=requests,
        skip_reason=None if requests else told,
        cursor=watch.to_cursor(),
        dynamic_partitions_requests=[
            *([class_partitions.build_add_request(new)] if new else []),
            *([class_partitions.build_delete_request(unread)] if unread else []),
        ],
    )


def _take_in_outcomes(context: dg.SensorEvaluationContext, watch: Watch) -> None:
    unanswered = watch.requests.unanswered()
    outcomes = run_outcomes(context.instance, context.sensor_name, unanswered) if unanswered else {}
    for run_key, subject in unanswered.items():
        outcome, reason = outcomes.get(run_key, (None, ""))
        watch.requests.answer(subject, outcome, time.time(), reason)
    last = _last_stage(context.instance)
    outcome, reason = run_outcome(context.instance, last) if last else (Outcome.SUCCEEDED, "")
    if outcome in (Outcome.FAILED, Outcome.MISTAKE):
        # Automation asks once for each change of a class: what failed then is asked for from here.
        watch.requests.note_failure(_STAGE, outcome, time.time(), reason)
    elif _STAGE not in watch.requests.unanswered().values():  # it succeeded, or somebody has started it anew
        watch.requests.forget([_STAGE])


def _last_stage(instance: dg.DagsterInstance) -> dg.DagsterRun | None:
    """The newest run of the data-set stage to its end, whoever asked for it."""
    recent = instance.get_run_records(dg.RunsFilter(tags={STAGE_TAG: "dataset"}), limit=_RECENT_RUNS)
    for record in recent:
        run = record.dagster_run
        if run.job_name == diagnose_dataset.name or _LAST in (run.asset_selection or ()):
            return run
    return None


def _requests(
    instance: dg.DagsterInstance, watch: Watch, seen: Look, partitions: dict[str, str], state: DiagnosisState
) -> Iterator[dg.RunRequest]:
    now = time.time()
    chain = "refresh_class" if state.l3_lens else "embed_class"
    if seen.due:  # more images may be all that the lens was lacking
        watch.requests.forgive(_LENS)
    again = [name for name in watch.requests.due_again(now) if name not in seen.due]
    if _STAGE in again and _class_runs_unfinished(instance):  # after the last of them it runs by itself
        again.remove(_STAGE)
    for name in (*seen.due, *again):
        run_key = watch.requests.ask(name, now, again=name in again)
        if name in partitions:
            yield dg.RunRequest(run_key=run_key, job_name=chain, partition_key=partitions[name])
        elif name == _CLASSES:
            yield dg.RunRequest(run_key=run_key, job_name="list_classes")
        elif name == _LENS:
            yield dg.RunRequest(run_key=run_key, job_name="refit_l3_lens")
        elif name == _STAGE:
            yield dg.RunRequest(run_key=run_key, job_name="diagnose_dataset")
    if state.listed - set(partitions.values()) and watch.requests.may_ask(_CLASSES):
        yield dg.RunRequest(run_key=watch.requests.ask(_CLASSES, now), job_name="list_classes")
    if not seen.due and not again and not seen.settling and not seen.waiting and not _class_runs_unfinished(instance):
        yield from _first_diagnosis(watch, partitions, state)


def _first_diagnosis(watch: Watch, partitions: dict[str, str], state: DiagnosisState) -> Iterator[dg.RunRequest]:
    """What a home that has not been diagnosed yet needs next, once no class run is under way."""
    now = time.time()
    if not state.l3_lens:
        if state.embedded and watch.requests.may_ask(_LENS):
            yield dg.RunRequest(run_key=watch.requests.ask(_LENS, now), job_name="refit_l3_lens")
        return
    for name, partition in partitions.items():
        if partition in state.embedded - state.measured and watch.requests.may_ask(name):
            run_key = watch.requests.ask(name, now)
            yield dg.RunRequest(run_key=run_key, job_name="measure_class", partition_key=partition)


def _busy(instance: dg.DagsterInstance, watch: Watch, classes: Collection[str]) -> set[str]:
    """Classes of which a run is queued or under way, whoever asked for it; a run over several may be of any."""
    unfinished = [record.dagster_run.tags for record in instance.get_run_records(dg.RunsFilter(statuses=_UNFINISHED))]
    if any(ASSET_PARTITION_RANGE_START_TAG in tags for tags in unfinished):
        return set(classes)
    under_way = {tags.get(PARTITION_NAME_TAG) for tags in unfinished}
    asked = set(watch.requests.unanswered().values())  # also a killed run that Dagster is about to start again
    return {name for name in classes if name in asked or partition_key_of(name) in under_way}


def _class_runs_unfinished(instance: dg.DagsterInstance) -> bool:
    filters = (
        dg.RunsFilter(statuses=_UNFINISHED, tags={STAGE_TAG: "class"}),
        dg.RunsFilter(statuses=_UNFINISHED, job_name="refit_l3_lens"),
    )
    return any(instance.get_run_records(one, limit=1) for one in filters)


def _told(seen: Look, watch: Watch, new: Collection[str], requests: Collection[dg.RunRequest], seconds: float) -> str:
    """What a tick saw and did, for the UI."""
    lines = [
        f"{len(seen.classes)} classes; looked at {seen.files:,} files of {len(seen.swept)} of them in {seconds:.1f} s"
    ]
    if watch.sweep:
        lines[0] += f", goes on inside {watch.sweep.class_name} after {watch.sweep.count:,} of its files"
    asked_for = [f"{request.job_name} {request.partition_key or ''}".strip() for request in requests]
    parts = (
        ("new", new),
        ("gone", seen.gone),
        ("still changing", seen.settling),
        ("changed, waiting for a run that is under way", seen.waiting),
        ("asked for", asked_for),
    )
    lines += [f"{what}: {_some(names)}" for what, names in parts if names]
    under_way = watch.requests.unanswered().values()
    if under_way and not requests:
        lines.append(f"under way: {_some(under_way)}")
    return "; ".join([*lines, *watch.requests.told(time.time())])


def _some(names: Collection[str], most: int = 5) -> str:
    shown = ", ".join(list(names)[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


automation = dg.AutomationConditionSensorDefinition(
    "automation",
    target=dg.AssetSelection.all(),
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=30,
    # One at a time, as the runs of the jobs.
    run_tags={STAGE_TAG: "dataset"},
    description="Runs the data-set stage after the last class that changed.",
)
