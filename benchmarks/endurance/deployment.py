"""A home with its webserver and daemon as processes of their own, and the processes these start.

Everything that belongs to a home is found by its environment (THERMAL_ASSETS_HOME), so that no other
deployment on the machine can be hit.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from benchmarks.endurance.checking import patience
from benchmarks.endurance.graphql import GraphQL

TOOLS = Path(sys.executable).parent
_READY_SECONDS = 180.0
_VARIABLES = ("THERMAL_ASSETS_HOME", "DAGSTER_HOME")


def clean_environment(**extra: str) -> dict[str, str]:
    """The environment without any home of the caller."""
    return {name: value for name, value in os.environ.items() if name not in _VARIABLES} | extra


def thermal_assets(
    *arguments: str | Path, timeout: float = 3600, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the installed command in a process of its own; the caller judges its exit code."""
    return subprocess.run(
        [str(TOOLS / "thermal-assets"), *map(str, arguments)],
        capture_output=True,
        text=True,
        env=clean_environment(COLUMNS="200", **environment),
        timeout=timeout,
        check=False,
    )


class Deployment:
    """Webserver and daemon of ``home``; their output goes to ``logs`` beside it."""

    def __init__(self, home: Path, port: int) -> None:
        self.home, self.port = home, port
        self.graphql = GraphQL(f"http://127.0.0.1:{port}")
        self.logs = home.parent / "logs"
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def environment(self) -> dict[str, str]:
        """What every process of this home has in its environment."""
        return clean_environment(THERMAL_ASSETS_HOME=str(self.home), DAGSTER_HOME=str(self.home))

    def start(self, name: str) -> None:
        """Start ``webserver`` or ``daemon``; the webserver answers when this returns."""
        workspace = str(self.home / "workspace.yaml")
        command = {
            "webserver": ["dagster-webserver", "-w", workspace, "-h", "127.0.0.1", "-p", str(self.port)],
            "daemon": ["dagster-daemon", "run", "-w", workspace],
        }[name]
        self.spawn(name, [str(TOOLS / command[0]), *command[1:]])
        if name == "webserver":
            self.graphql.wait_until_ready(patience(_READY_SECONDS))

    def spawn(self, name: str, command: list[str]) -> subprocess.Popen[bytes]:
        """Start ``command`` on this home in a process group of its own, remembered as ``name``."""
        self.logs.mkdir(parents=True, exist_ok=True)
        with (self.logs / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                command, env=self.environment, cwd=self.home, stdout=log, stderr=log, start_new_session=True
            )
        self._running[name] = process
        return process

    def kill(self, name: str, with_children: bool) -> None:
        """Kill -9 what was started as ``name``; with everything below it, as a crash of the machine would."""
        process = self._running.pop(name)
        below = psutil.Process(process.pid).children(recursive=True) if with_children else []
        for victim in (psutil.Process(process.pid), *below):
            with contextlib.suppress(psutil.NoSuchProcess):
                victim.send_signal(signal.SIGKILL)
        process.wait()

    def processes(self) -> list[psutil.Process]:
        """Every living process of this home."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.environ().get("THERMAL_ASSETS_HOME") == str(self.home):
                    found.append(process)
        return [process for process in found if process.pid != os.getpid() and _alive(process)]

    def run_workers(self) -> list[psutil.Process]:
        """The processes that execute runs: spawned by a code server."""
        return [process for process in self.processes() if _spawned(process) and not _spawned(process.parent())]

    def step_processes(self) -> list[psutil.Process]:
        """The processes that execute single steps (executor multiprocess): spawned by a run worker."""
        return [process for process in self.processes() if _spawned(process) and _spawned(process.parent())]

    def stop(self) -> None:
        """End everything of this home: politely, then by force."""
        for process in self._running.values():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGINT)
        deadline = time.monotonic() + patience(15.0)
        while time.monotonic() < deadline and any(process.poll() is None for process in self._running.values()):
            time.sleep(0.2)
        self._running.clear()
        while remaining := self.processes():
            for process in remaining:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
            time.sleep(0.2)


@contextlib.contextmanager
def deployed(home: Path, port: int) -> Iterator[Deployment]:
    """Webserver and daemon on ``home`` inside the block."""
    deployment = Deployment(home, port)
    try:
        deployment.start("webserver")
        deployment.start("daemon")
        yield deployment
    finally:
        deployment.stop()


def _alive(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    return False


def _spawned(process: psutil.Process | None) -> bool:
    """Whether ``process`` was made by multiprocessing's spawn; so are run workers and step processes."""
    if process is None:
        return False
    with contextlib.suppress(psutil.Error):
        return any("spawn_main" in argument for argument in process.cmdline())
    return False
