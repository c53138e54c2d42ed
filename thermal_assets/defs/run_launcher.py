"""Noticing runs whose process is gone.

Dagster's default launcher relies on its code server to report a dead run worker. Where the code
server died with it (a crash of the machine, kill -9 of the daemon and all it started), or where the run belonged
to the command line, the run stays "started" for ever: its class is never run again, because two runs
of one class must not interleave, and the first diagnosis and the data-set stage wait for it.
"""

from __future__ import annotations

import time

import dagster as dg
import psutil
from dagster._core.launcher import CheckRunHealthResult, DefaultRunLauncher, WorkerStatus

# Between "run started" and the event that tells the process lie milliseconds.
_UNTOLD_SECONDS = 120.0
_CLOCK_SECONDS = 2.0


class WatchfulRunLauncher(DefaultRunLauncher):
    """The default launcher, with a check that the process of a started run is still there.

    dagster.yaml names it; the run monitoring of the daemon then marks such runs as failed. It takes for
    granted that all processes of a home run on one machine, as the warehouse itself does.
    """

    @property
    def supports_check_run_worker_health(self) -> bool:
        return True

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """RUNNING while the process that the run told of first is alive, FAILED afterwards."""
        for entry in self._instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ENGINE_EVENT):
            told = entry.get_dagster_event().engine_event_data.metadata.get("pid")
            if told is None or not str(told.value).isdigit():
                continue
            if _lives(int(str(told.value)), entry.timestamp):
                return CheckRunHealthResult(WorkerStatus.RUNNING)
            return CheckRunHealthResult(WorkerStatus.FAILED, f"its process {told.value} was killed or has crashed")
        record = self._instance.get_run_record_by_id(run.run_id)
        if record and record.start_time and time.time() - record.start_time > _UNTOLD_SECONDS:
            return CheckRunHealthResult(WorkerStatus.FAILED, "it never told the process it ran in")
        return CheckRunHealthResult(WorkerStatus.RUNNING)


def _lives(pid: int, told_at: float) -> bool:
    """Whether process ``pid`` is alive and is the one that was there at ``told_at``: numbers are given out again."""
    try:
        process = psutil.Process(pid)
        return process.status() != psutil.STATUS_ZOMBIE and process.create_time() <= told_at + _CLOCK_SECONDS
    except psutil.Error:
        return False
