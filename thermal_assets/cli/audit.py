"""``thermal-assets audit-split``: does a split that somebody delivered leak?"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from thermal_assets.cli.console import out
from thermal_assets.errors import UserError
from thermal_assets.exporting.audit import audit_split
from thermal_assets.exporting.audit_report import audit_lines, audit_table, write_audit
from thermal_assets.home.layout import open_home

LEAKS = 3  # exit code


def run_audit(
    home: Path | None,
    path: Path,
    file_column: str | None,
    split_column: str | None,
    train: str | None,
    allow: float,
    target: Path | None,
) -> int:
    """Print the audit, write it to ``target`` if asked; returns 0, or 3 if more than ``allow`` (0..1) leaks.

    Raises:
        UserError: no home, nothing published, or a split that cannot be read.
    """
    if home is None:
        raise UserError("which home? Give --home DIR, or set THERMAL_ASSETS_HOME")
    audit = audit_split(open_home(home), path, file_column, split_column, train)
    with pl.Config(
        tbl_rows=200, fmt_str_lengths=80, tbl_width_chars=out.width, tbl_hide_dataframe_shape=True,
        tbl_hide_column_data_types=True,
    ):  # fmt: skip
        out.print(str(audit_table(audit)), highlight=False, markup=False, soft_wrap=True)
    for line in audit_lines(audit, allow):
        out.print(line, highlight=False, markup=False, soft_wrap=True)
    if target is not None:
        write_audit(target, audit, allow)
        out.print(f"written: {target}", highlight=False, markup=False, soft_wrap=True)
    return LEAKS if audit.leaked_share > allow else 0
