"""``thermal-assets export``: what a person takes away from a diagnosis."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from thermal_assets.cli.console import out
from thermal_assets.errors import UserError
from thermal_assets.exporting.export import ExportOptions, export
from thermal_assets.exporting.splits import parse_shares
from thermal_assets.home.layout import open_home


def run_export(
    home: Path | None,
    target: Path,
    formats: str,
    classes: Sequence[str],
    splits: str,
    seed: int,
    drop_budget: int | None,
    force: bool,
) -> None:
    """Write the export and print what it holds.

    Raises:
        UserError: no home, nothing published, a wrong option, or a target that may not be written.
    """
    if home is None:
        raise UserError("which home? Give --home DIR, or set THERMAL_ASSETS_HOME")
    options = ExportOptions(
        formats=[name.strip() for name in formats.split(",") if name.strip()],
        classes=classes,
        shares=parse_shares(splits),
        seed=seed,
        drop_budget=drop_budget,
        force=force,
    )
    facts = export(open_home(home), target, options)
    counts, split = facts["counts"], facts["split"]
    lines = [
        f"{counts['files']:,} files: {counts['keep']:,} keep, {counts['review']:,} review, {counts['drop']:,} drop",
        "split of the kept images: "
        + ", ".join(f"{name} {count:,}" for name, count in split["images"].items())
        + f" ({split['groups']:,} independent groups, the largest with {split['largest_group']:,} images)",
    ]
    if split["images_without_session"]:
        lines.append(f"{split['images_without_session']:,} kept images carry no session in their names: see README.md")
    if split["classes_not_divisible"]:
        named = ", ".join(split["classes_not_divisible"])
        lines.append(f"too few independent groups to be in every part: {named}")
    lines.append(f"written: {target} (README.md explains every file)")
    for line in lines:
        out.print(line, highlight=False, markup=False, soft_wrap=True)
