"""``diagnose --gate``: one line a gate, and whether continuous integration may go on."""

from __future__ import annotations

from rich.text import Text

from thermal_assets.cli.console import out
from thermal_assets.home.layout import Home
from thermal_assets.steps.gates import stored_gates

_STYLE = {"passed": "green", "waived": "cyan", "not measured": "dim", "off": "dim"}


def failed_gates(home: Home) -> list[str]:
    """Names of the gates of severity ERROR that failed in the last diagnosis."""
    return [
        row["gate"] for row in stored_gates(home).to_dicts() if row["status"] == "failed" and row["severity"] == "ERROR"
    ]


def print_gates(home: Home) -> None:
    """Print one line for each gate of the last diagnosis."""
    for row in stored_gates(home).to_dicts():
        failed = row["status"] == "failed"
        status = row["severity"] if failed else row["status"]
        style = ("red" if status == "ERROR" else "yellow") if failed else _STYLE[row["status"]]
        line = f"{row['gate']}: {row['statement']}"
        if failed:
            line += f" Allowed: at most {row['at_most']:g}."
        if row["waiver"]:
            line += f" ({row['waiver']})"
        out.print(Text.assemble((f"{status:13}", style), line), soft_wrap=True)
