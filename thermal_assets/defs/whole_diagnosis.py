"""The whole diagnosis as one job, for people who want one button."""

import dagster as dg

from thermal_assets.defs.asset_kit import step_errors
from thermal_assets.defs.in_process import JobRunner
from thermal_assets.defs.jobs import STAGE_TAG
from thermal_assets.defs.resources import HomeResource
from thermal_assets.steps.classes import require_classes
from thermal_assets.steps.first_diagnosis import diagnosis_runs


@dg.op(description="Runs the other jobs one after the other in the process of this run; each is a run of its own.")
def whole_diagnosis(context: dg.OpExecutionContext, home: HomeResource) -> None:
    from thermal_assets.definitions import defs

    with step_errors():
        opened = home.open()
        runner = JobRunner(context.instance, defs())
        runs = diagnosis_runs(opened, runner.register_classes(require_classes(opened).classes))
    failed = []
    for number, run in enumerate(runs, 1):
        context.log.info(f"{number} of {len(runs)}: {run.job} {run.partition or ''}")
        outcome = runner.run(run.job, run.partition)
        failed += [f"{run.partition or run.job}: {line}" for line in outcome.errors]
    context.add_output_metadata({"runs": len(runs), "failed": len(failed)})
    if failed:
        raise dg.Failure(description="; ".join(failed), allow_retries=False)


@dg.job(
    # A class run to the sensors: they start no first diagnosis beside it.
    tags={STAGE_TAG: "class"},
    executor_def=dg.in_process_executor,
    description="The whole diagnosis, as thermal-assets diagnose runs it: every class, the L3 lens if there is none, "
    "the data set; computes only what changed. A class that fails does not stop the others.",
)
def diagnose_all() -> None:
    whole_diagnosis()
