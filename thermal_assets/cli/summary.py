"""What ``diagnose`` prints at its end: findings, where the time went, where to look."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from thermal_assets.cli.console import err, out
from thermal_assets.cli.diagnose import Diagnosis
from thermal_assets.home.layout import Home
from thermal_assets.warehouse.rows import first_row

_SHOWN = 12
_STYLE = {"HIGH": "bold red", "MEDIUM": "yellow", "LOW": "cyan"}


def print_summary(home: Home, result: Diagnosis) -> None:
    """Print the end of a diagnosis."""
    with home.warehouse.read() as connection:
        findings = connection.execute(
            "SELECT severity, coalesce(class_name, 'data set'), title, affected_images FROM findings "
            "WHERE status = 'open' ORDER BY rank"
        ).fetchall()
        counts = first_row(
            connection,
            "SELECT (SELECT count(*) FROM file_manifest), (SELECT count(*) FROM channel_stats), "
            "(SELECT count(DISTINCT image_id) FROM image_problems)",
        ) or (0, 0, 0)
        steps = first_row(
            connection,
            "SELECT coalesce(sum(seconds), 0) FROM ("
            "SELECT max(seconds) AS seconds FROM run_log WHERE list_contains(?, run_id) "
            "GROUP BY run_id, partition, started_at)",
            [result.run_ids],
        ) or (0.0,)
        random_lens = first_row(connection, "SELECT name FROM lenses WHERE in_force AND random_weights")
        lens = first_row(connection, "SELECT name, fitted_on FROM lenses WHERE in_force AND level = 'L2'")
    _print_findings(findings)
    out.print(
        f"\n{counts[0]:,} files in {result.classes} classes: {counts[1]:,} images read, "
        f"{counts[2]:,} files with a problem (table image_problems).",
        highlight=False,
    )
    own = max(result.seconds - float(steps[0]), 0.0)
    out.print(
        f"{result.seconds:.1f} s in {len(result.outcomes)} runs; Dagster's own share {own:.1f} s "
        f"({own / max(result.seconds, 1e-9):.0%}).",
        highlight=False,
    )
    if lens and not random_lens:
        out.print(f"Seen through {lens[0]}, trained on {lens[1]}.", highlight=False, soft_wrap=True)
    if random_lens:
        out.print(
            f"The lens {random_lens[0]} has random weights: good for trying out, not for decisions. "
            "Give real ones with --lens-weights FILE.",
            style="yellow",
            highlight=False,
        )
    for label, path in (("report", home.report), ("warehouse", home.warehouse.path), ("for readers", home.published)):
        if path.exists():
            out.print(f"{label + ':':13}{path}", highlight=False, soft_wrap=True)
    out.print(f"{'Dagster UI:':13}thermal-assets ui --home {home.root}", highlight=False, soft_wrap=True)
    for line in result.errors:
        err.print(f"failed: {line}", style="red", highlight=False, markup=False, soft_wrap=True)


def _print_findings(findings: list[tuple[str, str, str, int]]) -> None:
    if not findings:
        out.print("No finding.", style="green")
        return
    table = Table(title=f"{len(findings)} findings", title_justify="left")
    for name in ("severity", "where", "what", "images"):
        table.add_column(name, justify="right" if name == "images" else "left", overflow="fold")
    for severity, where, title, affected in findings[:_SHOWN]:
        # Text, not markup: class names are the user's.
        table.add_row(Text(severity, _STYLE.get(severity, "")), Text(where), Text(title), f"{affected:,}")
    out.print(table)
    if len(findings) > _SHOWN:
        out.print(f"... and {len(findings) - _SHOWN} more in the report and in table findings.", highlight=False)
