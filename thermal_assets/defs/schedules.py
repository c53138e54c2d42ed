"""Schedules, off until somebody turns them on: a slow look at every file at night, and the gates every morning."""

import time
from collections.abc import Iterator

import dagster as dg

from thermal_assets.defs.jobs import judge_gates, refresh_class
from thermal_assets.defs.partitions import CLASS_PARTITIONS_NAME
from thermal_assets.defs.resources import HomeResource
from thermal_assets.errors import UserError
from thermal_assets.manifest.identity import partition_key_of
from thermal_assets.manifest.scanning import read_catalog
from thermal_assets.manifest.sweeping import Sweep, sweep_on
from thermal_assets.steps.first_diagnosis import diagnosed_state, diagnosis_state

# A schedule that takes a minute is cut off by Dagster.
_BUDGET_SECONDS = 40.0


@dg.schedule(
    job=refresh_class,
    cron_schedule="0 2 * * *",
    default_status=dg.DefaultScheduleStatus.STOPPED,
    description="Every night: looks at every file of every class, whatever the sensor remembers, and runs the classes "
    "that differ from their diagnosis. Classes that the time does not reach are run too: a run computes what changed.",
)
def nightly_sweep(context: dg.ScheduleEvaluationContext, home: HomeResource) -> Iterator[dg.RunRequest | dg.SkipReason]:
    deadline = time.monotonic() + _BUDGET_SECONDS
    try:
        opened = home.open()
        if not diagnosis_state(opened).l3_lens:
            yield dg.SkipReason("there is no L3 lens yet: the sensor new_images leads the first diagnosis")
            return
        known = set(context.instance.get_dynamic_partitions(CLASS_PARTITIONS_NAME))
        names = [name for name in read_catalog(opened.image_root).classes if partition_key_of(name) in known]
        due = []
        for name in names:
            late = time.monotonic() > deadline
            state = None if late else sweep_on(opened.image_root, Sweep(name, ""), deadline, opened.annotations)
            if state is None or state != diagnosed_state(opened, name):
                due.append(partition_key_of(name))
    except UserError as error:
        yield dg.SkipReason(str(error))
        return
    if not due:
        yield dg.SkipReason(f"{len(names)} classes looked through: all as they were diagnosed")
    for partition in due:
        run_key = f"{partition}:{context.scheduled_execution_time.isoformat()}"
        yield dg.RunRequest(run_key=run_key, partition_key=partition)


daily_gates = dg.ScheduleDefinition(
    name="daily_gates",
    job=judge_gates,
    cron_schedule="0 6 * * *",
    default_status=dg.DefaultScheduleStatus.STOPPED,
    description="Every morning: judges the gates as things are then, so that an old diagnosis is noticed.",
)
