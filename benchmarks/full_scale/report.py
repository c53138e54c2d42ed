"""What all sittings together measured."""

from __future__ import annotations

import json
from pathlib import Path

from rich.console import Console
from rich.table import Table


def read_log(folder: Path) -> list[dict[str, object]]:
    """Lines of finished stations, and of failed ones."""
    path = folder / "stations.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def print_report(folder: Path, wanted: dict[str, int]) -> None:
    """A line for each kind of station: runs done and to do, time, peak memory, growth of the warehouse.

    ``wanted``: name of a station -> how many runs it has.
    """
    done = [line for line in read_log(folder) if not line["errors"]]
    table = Table(
        "station", "runs", "images", "seconds", "processor-s", "images/s", "peak MB", "own MB", "warehouse MB"
    )
    total = [0.0, 0.0]
    for name, count in wanted.items():
        lines = [line for line in done if line["name"] == name]
        if not lines:
            table.add_row(name, f"0 of {count}")
            continue
        seconds, cpu, images = (
            sum(float(str(line[key])) for line in lines) for key in ("seconds", "processor_seconds", "images")
        )
        total[0] += seconds
        total[1] += cpu
        peaks = (
            max(int(str(line[key])) for line in lines)
            for key in ("peak_memory_mb", "peak_anonymous_mb", "warehouse_mb")
        )
        table.add_row(
            name,
            f"{len(lines)} of {count}",
            f"{images:,.0f}",
            f"{seconds:,.0f}",
            f"{cpu:,.0f}",
            f"{images / max(seconds, 0.01):,.0f}",
            *(f"{peak:,}" for peak in peaks),
        )
    table.add_row("together", "", "", f"{total[0]:,.0f}", f"{total[1]:,.0f}")
    console = Console(width=150)
    console.print(table)
    failed = [line for line in read_log(folder) if line["errors"]]
    for line in failed:
        console.print(f"failed at {line['ended']}: {line['name']} {line['classes']}: {line['errors']}")
    sizes = {
        path.name: _size(path) for path in (folder / "home").glob("*") if path.is_dir() or path.suffix == ".duckdb"
    }
    console.print("sizes in MB: " + ", ".join(f"{name} {size / 2**20:,.0f}" for name, size in sorted(sizes.items())))


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else sum(f.stat().st_size for f in path.rglob("*") if f.is_file())
