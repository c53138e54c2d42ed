"""Running the project's own jobs in this process, on the instance of a home.

The command line uses this instead of run workers, whose start would dwarf a small data set. Runs,
events, metadata and lineage are recorded as if the UI had launched them.
"""

import contextlib
import logging
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import dagster as dg
from sqlalchemy.exc import OperationalError

from thermal_assets.defs.partitions import CLASS_PARTITIONS_NAME
from thermal_assets.defs.sqlite_history import cheap_history
from thermal_assets.errors import UserError
from thermal_assets.home.layout import HOME_VARIABLE, Home
from thermal_assets.manifest.identity import partition_key_of

# Dagster's own console log repeats what the progress display shows; problems still come through `errors`.
_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass(frozen=True)
class JobOutcome:
    """How one run ended; ``errors`` has one line a failed step."""

    job: str
    partition: str
    run_id: str
    success: bool
    errors: tuple[str, ...]
    seconds: float


class JobRunner:
    """Runs jobs on the home's instance, one after the other. Make one with ``job_runner``."""

    def __init__(self, instance: dg.DagsterInstance, definitions: dg.Definitions) -> None:
        self.instance = instance
        self._definitions = definitions

    def register_classes(self, class_names: Sequence[str]) -> list[str]:
        """Add a partition for every class that has none; returns the partition keys of all given classes."""
        keys = [partition_key_of(name) for name in class_names]
        known = set(self.instance.get_dynamic_partitions(CLASS_PARTITIONS_NAME))
        new = [key for key in keys if key not in known]
        if new:
            self.instance.add_dynamic_partitions(CLASS_PARTITIONS_NAME, new)
        return keys

    def run(self, job: str, partition: str | None = None) -> JobOutcome:
        """Run ``job`` to its end; a failing step fails the run, not the caller."""
        started = time.monotonic()
        try:
            result = self._definitions.resolve_job_def(job).execute_in_process(
                instance=self.instance, partition_key=partition, raise_on_error=False, run_config=_QUIET
            )
        except (OSError, OperationalError) as error:
            reason = str(error).splitlines()[0]
            raise UserError(
                f"Dagster could not write its history in {self.instance.root_directory}: {reason}. "
                "Free space on its disk and start again; the warehouse is whole"
            ) from error
        return JobOutcome(
            job,
            partition or "",
            result.run_id,
            result.success,
            tuple(_error_lines(result)),
            time.monotonic() - started,
        )


def _error_lines(result: dg.ExecuteInProcessResult) -> Iterator[str]:
    for event in result.all_events:
        if not event.is_step_failure:
            continue
        failure = event.step_failure_data
        if failure.user_failure_data and failure.user_failure_data.description:
            yield failure.user_failure_data.description
        elif failure.error:
            cause = failure.error.cause or failure.error
            yield f"{event.step_key}: {cause.message.strip().splitlines()[-1]}"


@contextlib.contextmanager
def job_runner(home: Home) -> Iterator[JobRunner]:
    """A runner on ``home``; points THERMAL_ASSETS_HOME and DAGSTER_HOME of this process at it."""
    os.environ[HOME_VARIABLE] = str(home.root)
    os.environ["DAGSTER_HOME"] = str(home.root)
    from thermal_assets.definitions import defs  # after the environment: the executor is read from the home

    logging.getLogger("dagster").setLevel(logging.CRITICAL)
    with cheap_history(home.root), dg.DagsterInstance.get() as instance:
        yield JobRunner(instance, defs())
