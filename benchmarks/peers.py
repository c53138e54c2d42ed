"""Environments of the tools that are compared with, apart from the project's own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path


def peer_environment(package: str) -> Path:
    """Python of a virtual environment with ``package`` (its module has the same name), made where there is none yet."""
    place = Path(tempfile.gettempdir()) / f"thermal-assets-benchmark-{package}-{os.getuid()}"
    python = place / "bin" / "python"
    if python.is_file() and subprocess.run([python, "-c", f"import {package}"], capture_output=True).returncode == 0:
        return python
    shutil.rmtree(place, ignore_errors=True)
    print(f"installing {package} into {place} ...", flush=True)
    uv = shutil.which("uv")
    if uv:
        subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, str(place)], check=True)
        subprocess.run([uv, "pip", "install", "--quiet", "--python", str(python), package], check=True)
    else:
        subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", package], check=True)
    return python
