"""``thermal-assets ui``: the Dagster webserver and daemon on a home."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from thermal_assets.cli.console import err, out
from thermal_assets.errors import UserError
from thermal_assets.home.instance_files import edited
from thermal_assets.home.layout import HOME_VARIABLE, Home, bring_instance_files_up_to_date

_POLL_SECONDS = 0.5
_GRACE_SECONDS = 15


def serve(home: Home, host: str, port: int) -> None:
    """Run webserver and daemon until one of them ends or Ctrl-C; both end together.

    Raises:
        UserError: the port is taken.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            raise UserError(f"port {port} of {host} is taken: choose another with --port") from None
    with contextlib.suppress(OSError):  # what is there serves as well
        bring_instance_files_up_to_date(home.root)
    for line in edited(home.root):
        err.print(line, style="yellow", highlight=False, markup=False, soft_wrap=True)
    environment = {**os.environ, HOME_VARIABLE: str(home.root), "DAGSTER_HOME": str(home.root)}
    workspace = str(home.root / "workspace.yaml")
    tools = Path(sys.executable).parent
    commands = [
        [str(tools / "dagster-webserver"), "-w", workspace, "-h", host, "-p", str(port)],
        [str(tools / "dagster-daemon"), "run", "-w", workspace],
    ]
    out.print(f"Dagster UI of {home.root}: http://{host}:{port}  (Ctrl-C ends it)", highlight=False, soft_wrap=True)
    # Process groups of their own, so that ending one ends the code servers it started too.
    processes = [
        subprocess.Popen(command, env=environment, cwd=home.root, start_new_session=True) for command in commands
    ]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        while all(process.poll() is None for process in processes):
            time.sleep(_POLL_SECONDS)
    finally:
        for process in processes:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGINT)
        try:
            process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
