"""What all sittings together measured."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

FULL, DELIVERY = "stations.jsonl", "delivery.jsonl"


def read_log(folder: Path, name: str = FULL) -> list[dict[str, object]]:
    """Lines of finished stations, and of failed ones."""
    path = folder / name
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def print_report(folder: Path, wanted: dict[str, int], log_name: str = FULL) -> None:
    """A line for each kind of station: runs done and to do, time, peak memory, growth of the warehouse.

    Time includes runs that failed or were cut off: what they left behind spared their successors work.
    ``wanted``: name of a station -> how many runs it has.
    """
    log = read_log(folder, log_name)
    done = [line for line in log if not line["errors"]]
    table = Table(
        "station", "runs", "images", "seconds", "processor-s", "images/s", "peak MB", "own MB", "warehouse MB"
    )
    total = [0.0, 0.0]
    for name, count in wanted.items():
        lines = [line for line in done if line["name"] == name]
        if not lines:
            table.add_row(name, f"0 of {count}")
            continue
        attempts = [line for line in log if line["name"] == name]
        seconds, cpu = (sum(float(str(line[key])) for line in attempts) for key in ("seconds", "processor_seconds"))
        images = sum(float(str(line["images"])) for line in lines)
        total[0] += seconds
        total[1] += cpu
        peaks = (
            max(int(str(line[key])) for line in attempts)
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
    for line in [line for line in log if line["errors"]]:
        console.print(f"failed at {line['ended']}: {line['name']} {line['classes']}: {line['errors']}")
    sizes = {
        path.name: _size(path) for path in (folder / "home").glob("*") if path.is_dir() or path.suffix == ".duckdb"
    }
    console.print("sizes in MB: " + ", ".join(f"{name} {size / 2**20:,.0f}" for name, size in sorted(sizes.items())))


def print_delivery(folder: Path, assets_of: dict[str, tuple[str, ...]]) -> None:
    """What a delivery cost, beside what the whole data set had cost, station by station of the whole.

    ``assets_of``: name of a station of the whole -> its assets. A run of the delivery takes a class through several of
    them: its steps are counted where their assets belong, the rest of its time (start of the process, Dagster) apart.
    """
    delivery, full = (read_log(folder, log) for log in (DELIVERY, FULL))
    spent, peaks, rest = dict.fromkeys(assets_of, 0.0), dict.fromkeys(assets_of, 0), 0.0
    for line in delivery:
        used, peak = float(str(line["processor_seconds"])), int(str(line["peak_memory_mb"]))
        steps = dict(line.get("steps") or {})  # type: ignore[call-overload]
        for name, assets in assets_of.items():
            mine = sum(float(seconds) for asset, seconds in steps.items() if asset in assets)
            if line["name"] == name and not steps:  # not a run of Dagster
                mine = used
            if mine:
                spent[name], used, peaks[name] = spent[name] + mine, used - mine, max(peaks[name], peak)
        rest += used
    table = Table("station", "delivery: processor-s", "the whole: processor-s", "share", "peak MB")
    total = [0.0, 0.0]
    for name in assets_of:
        cost = sum(float(str(line["processor_seconds"])) for line in full if line["name"] == name)
        if not spent[name]:
            continue
        total = [total[0] + spent[name], total[1] + cost]
        table.add_row(
            name, f"{spent[name]:,.0f}", f"{cost:,.0f}", f"{spent[name] / max(cost, 0.01):.1%}", f"{peaks[name]:,}"
        )
    table.add_row(f"start of {len(delivery)} processes", f"{rest:,.0f}")
    total[0] += rest
    table.add_row("together", f"{total[0]:,.0f}", f"{total[1]:,.0f}", f"{total[0] / max(total[1], 0.01):.1%}")
    Console(width=150).print(table)


def print_growth(folders: Sequence[Path], wanted_at: Callable[[int], dict[str, int]]) -> None:
    """Processor time and peak memory of every station at the sizes in ``folders``, and how the time grows with them.

    ``wanted_at(images)``: name of a station -> how many runs it has at that size. The exponent is that of
    time ~ images ** exponent, between a size and the one before; a station that is not through shows how far it is.
    """
    measured = {}
    for folder in folders:
        log = read_log(folder)
        whole = [int(str(line["images"])) for line in log if not line["classes"]]
        if whole:
            measured[max(whole)] = log
        else:
            print(f"{folder}: the L3 fit is not through yet, so it is left out")
    sizes = sorted(measured)
    table = Table("station", *(f"{size:,} images: processor-s, peak MB" for size in sizes), "exponent of the time")
    before: dict[str, list[float]] = {}
    for name in dict.fromkeys(name for size in sizes for name in wanted_at(size)):
        cells, times = [], []
        for size in sizes:
            lines = [line for line in measured[size] if line["name"] == name]
            runs = wanted_at(size)[name]
            cpu = sum(float(str(line["processor_seconds"])) for line in lines)
            peak = max((int(str(line["peak_memory_mb"])) for line in lines), default=0)
            ended = sum(not line["errors"] for line in lines)
            through = ended == runs
            times.append(cpu if through else math.nan)
            note = "" if through else f" ({ended} of {runs} runs)"
            cells.append(f"{cpu:,.0f}, {peak:,}{note}" if lines else f"0 of {runs} runs")
        before[name] = times
        table.add_row(name, *cells, _exponents(sizes, times))
    together = [sum(times[at] for times in before.values()) for at in range(len(sizes))]
    shown = ["not through" if math.isnan(seconds) else f"{seconds:,.0f}" for seconds in together]
    table.add_row("together", *shown, _exponents(sizes, together))
    Console(width=170).print(table)


def _exponents(sizes: Sequence[int], times: Sequence[float]) -> str:
    pairs = [
        math.log(later / sooner) / math.log(large / small)
        for small, large, sooner, later in zip(sizes, sizes[1:], times, times[1:], strict=False)
        if sooner > 0 and later > 0
    ]
    return ", ".join(f"{exponent:.2f}" for exponent in pairs)


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else sum(f.stat().st_size for f in path.rglob("*") if f.is_file())
