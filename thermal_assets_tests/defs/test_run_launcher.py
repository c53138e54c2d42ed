"""A run whose process was killed does not stay "started" for ever: the daemon's monitoring marks it as failed."""

from __future__ import annotations

import logging
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import dagster as dg
from dagster._daemon.monitoring.run_monitoring import monitor_started_run

import thermal_assets.home.layout

_RUN = """
import sys
import dagster as dg

@dg.op
def wait():
    print("started", flush=True)
    sys.stdin.read()

@dg.job
def waiting():
    wait()

with dg.DagsterInstance.from_config(sys.argv[1]) as instance:
    waiting.execute_in_process(instance=instance)
"""


def _statuses(instance: dg.DagsterInstance) -> list[str]:
    """What monitoring makes of every started run, and the statuses afterwards, oldest run first."""
    records = instance.get_run_records(ascending=True)
    for record in records:
        if record.dagster_run.status == dg.DagsterRunStatus.STARTED:
            monitor_started_run(instance, None, record, logging.getLogger())  # type: ignore[arg-type]
    return [record.dagster_run.status.value for record in instance.get_run_records(ascending=True)]


def test_a_killed_run_is_marked_as_failed_and_a_living_one_is_not(tmp_path: Path) -> None:
    shutil.copy(Path(thermal_assets.home.layout.__file__).with_name("dagster.yaml"), tmp_path)
    processes = []
    for _ in range(2):
        process = subprocess.Popen(
            [sys.executable, "-c", _RUN, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        processes.append(process)
        assert process.stdout is not None
        while "started" not in process.stdout.readline():
            assert process.poll() is None
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        assert instance.run_launcher.supports_check_run_worker_health
        assert _statuses(instance) == ["STARTED", "STARTED"]
        processes[0].send_signal(signal.SIGKILL)
        processes[0].wait()
        assert _statuses(instance) == ["FAILURE", "STARTED"]
        processes[1].communicate()
        assert _statuses(instance) == ["FAILURE", "SUCCESS"]
