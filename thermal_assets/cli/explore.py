"""``thermal-assets explore``: the map of the images in Embedding Atlas.

Why Embedding Atlas: it draws millions of points, filters and searches in SQL with DuckDB, takes coordinates,
neighbours and pictures that are there already, needs no database server (FiftyOne needs MongoDB) and sends nothing
out. Version 0.12.0: later ones draw on WebGPU with 16-bit shaders only, which many a plant's PC lacks, and want
another filelock than the project is pinned to; this one also draws on WebGL 2, where its page is told to (see
exporting/atlas_viewer.py). It may live in an environment of its own: it is only started.
"""

from __future__ import annotations

import importlib.util
import io
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from thermal_assets.cli.console import out, stage_display
from thermal_assets.errors import UserError
from thermal_assets.exporting.atlas import LAYOUTS, atlas_table
from thermal_assets.exporting.atlas_viewer import viewer_pages
from thermal_assets.exporting.published import published_copy
from thermal_assets.home.layout import open_home, write_atomically

_VERSION = "0.12.0"
_COMMAND = "embedding-atlas"


def run_explore(home: Path | None, host: str, port: int, images: int, layout: str) -> int:
    """Build the table of the map, then show it until the user stops it; returns the exit code of the tool.

    Raises:
        UserError: no home, nothing published, or Embedding Atlas is not installed.
    """
    if home is None:
        raise UserError("which home? Give --home DIR, or set THERMAL_ASSETS_HOME")
    if layout not in LAYOUTS:
        raise UserError(f"--layout {layout}: give one of {', '.join(LAYOUTS)}")
    tool = _tool()
    opened = open_home(home)
    with stage_display(1), published_copy(opened, vectors=True) as connection:
        table = atlas_table(connection, opened.image_root, images, layout)
    stream = io.BytesIO()
    table.write_parquet(stream)
    path = opened.root / "explore.parquet"
    try:
        write_atomically(path, stream.getvalue())
    except OSError as error:
        raise UserError(f"could not write {path}: {error.strerror}") from error
    out.print(
        f"{table.height:,} images at http://{host}:{port} (Ctrl-C ends it); the same table: {path}",
        highlight=False, markup=False, soft_wrap=True,
    )  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="thermal-assets-explore-") as folder:
        pages = viewer_pages(tool, Path(folder))
        return subprocess.run(atlas_command(tool, path, host, port, pages), check=False).returncode


def atlas_command(tool: list[str], path: Path, host: str, port: int, pages: Path | None = None) -> list[str]:
    """The command line that shows ``path``. DuckDB runs in the browser, from files of the tool: nothing is fetched
    from outside, and the server's DuckDB (whose 2.0 this version does not know) is not used."""
    return [
        *tool, str(path), "--x", "x", "--y", "y", "--image", "picture", "--neighbors", "neighbors",
        "--disable-projection", "--duckdb", "wasm", "--host", host, "--port", str(port), "--no-auto-port",
        *(["--static", str(pages)] if pages else []),
    ]  # fmt: skip


def _tool() -> list[str]:
    if importlib.util.find_spec("embedding_atlas") is not None:
        return [sys.executable, "-m", "embedding_atlas.cli"]
    found = shutil.which(_COMMAND)
    if found:
        return [found]
    raise UserError(
        f"the map needs Embedding Atlas: run 'uv tool install {_COMMAND}=={_VERSION}' (or pipx install ...), "
        "or pip install 'thermal-assets[explore]', then call this again"
    )
