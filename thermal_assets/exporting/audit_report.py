"""An audit as text, CSV, JSON or a page."""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from typing import Any

import polars as pl

from thermal_assets.errors import UserError
from thermal_assets.exporting.audit import Audit
from thermal_assets.home.layout import write_atomically

_LISTED = 1000  # names of a kind that a JSON file or a page repeats; the count is always whole


def audit_lines(audit: Audit, allowed: float) -> list[str]:
    """What was audited and what is wrong, a sentence a line."""
    parts = ", ".join(f"{name} {count:,}" for name, count in audit.parts.items())
    matched = ", ".join(f"{count:,} by {way}" for way, count in audit.matched.items())
    lines = [f"{audit.source} ({audit.kind}): {parts}; trained on: {audit.train}", f"names matched: {matched}"]
    for names, what in (
        (audit.unknown, "names that are no image of this home"),
        (audit.ambiguous, "names that fit several images (give paths instead of file names)"),
        (audit.unreadable, "listed files that cannot be read"),
    ):
        if names:
            lines.append(f"{len(names):,} {what}, such as {names[0]}")
    if audit.in_no_part:
        lines.append(f"{audit.in_no_part:,} rows name no part and were left out")
    if audit.not_in_file:
        lines.append(f"{audit.not_in_file:,} readable images of the home are in no part")
    lines += audit.notes
    lines += score_lines(audit)
    verdict = "LEAKS" if audit.leaked_share > allowed else "no more leakage than allowed"
    lines.append(
        f"{verdict}: {audit.leaked_images:,} of the {audit.judged_images:,} images outside {audit.train} share an image, "
        f"a session, a frame or a copy with it ({audit.leaked_share:.1%}; allowed {allowed:.1%})"
    )
    return lines


def score_lines(audit: Audit) -> list[str]:
    """How much a score on this split is too good, in sentences."""
    found = audit.scores
    if found is None:
        return [f"no nearest-neighbour scores: {audit.scores_note}"]
    ratio = "" if found["ratio"] is None else f", {found['ratio']:.2f} times as good"
    if found["ratio_low"] is not None:
        ratio += f" (95 % {found['ratio_low']:.2f} to {found['ratio_high']:.2f})"
    return [
        f"{found['near_images']:,} of {found['test_images']:,} test images ({found['near_share']:.1%}) have a training "
        "image nearer than the near-copy distance",
        f"nearest-neighbour accuracy (k = {found['k']}) {found['accuracy']:.3f}; without what may be remembered "
        f"{found['accuracy_other_sessions']:.3f}{ratio} [{audit.scores_note}]",
        str(found["interval_note"]),
    ]


def audit_table(audit: Audit) -> pl.DataFrame:
    """The checks as they are printed: one row per kind and part."""
    return audit.checks.select(
        pl.col("shared").alias(f"shared with {audit.train}"),
        "part",
        "images",
        "linked_images",
        (pl.col("linked_share") * 100).round(1).alias("percent"),
        "groups",
    )


def write_audit(path: Path, audit: Audit, allowed: float) -> None:
    """Write ``audit`` as .csv (the checks), .json (everything) or .html (a page), by the ending of ``path``.

    Raises:
        UserError: another ending, or the file cannot be written.
    """
    match path.suffix.lower():
        case ".csv":
            flat = audit.checks.with_columns(pl.col("examples").list.join("; "))
            data = flat.write_csv(quote_style="non_numeric").encode()
        case ".json":
            data = (json.dumps(as_dict(audit, allowed), indent=1, ensure_ascii=True) + "\n").encode()
        case ".html":
            data = page(audit, allowed).encode("utf-8", "backslashreplace")
        case _:
            raise UserError(f"--out {path}: end it in .csv, .json or .html")
    try:
        write_atomically(path, data)
    except OSError as error:
        raise UserError(f"could not write {path}: {error.strerror}") from error


def as_dict(audit: Audit, allowed: float) -> dict[str, Any]:
    """Everything that was found, for JSON."""
    return {
        "source": audit.source,
        "kind": audit.kind,
        "train": audit.train,
        "parts": audit.parts,
        "matched": audit.matched,
        "leaked_images": audit.leaked_images,
        "judged_images": audit.judged_images,
        "leaked_share": audit.leaked_share,
        "allowed_share": allowed,
        "leaks": audit.leaked_share > allowed,
        "checks": audit.checks.to_dicts(),
        "balance": audit.balance.to_dicts(),
        "scores": audit.scores,
        "scores_note": audit.scores_note,
        "in_no_part": audit.in_no_part,
        "readable_images_in_no_part": audit.not_in_file,
        "notes": list(audit.notes),
        **{
            name: {"count": len(names), "names": names[:_LISTED]}
            for name, names in (
                ("unknown", audit.unknown),
                ("ambiguous", audit.ambiguous),
                ("unreadable", audit.unreadable),
            )
        },
    }


def page(audit: Audit, allowed: float) -> str:
    """A page of its own, without scripts or requests; every name in it is shown as text."""
    lines = "".join(f"<li>{escape(line)}</li>" for line in audit_lines(audit, allowed))
    examples = audit.checks.filter(pl.col("linked_images") > 0).select("shared", "part", "examples").explode("examples")
    balance = audit.balance.with_columns((pl.col("share_of_part", "share_of_class", "off_by") * 100).round(1))
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        "<title>Audit of a split</title><style>body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;"
        "padding:0 1rem;color-scheme:light dark}table{border-collapse:collapse;margin:1rem 0}td,th{padding:.2rem .7rem;"
        "border-bottom:1px solid #8886;text-align:left;overflow-wrap:anywhere}td.n{text-align:right}</style>"
        f"<h1>Audit of a split</h1><ul>{lines}</ul><h2>What the parts share</h2>{_table(audit_table(audit))}"
        f"<h2>Examples</h2>{_table(examples)}<h2>Classes</h2><p>Shares in percent; off_by: points more of the part "
        f"than of the whole.</p>{_table(balance)}</html>\n"
    )


def _table(frame: pl.DataFrame) -> str:
    head = "".join(f"<th scope=col>{escape(name)}</th>" for name in frame.columns)
    rows = "".join(
        "<tr>"
        + "".join(
            f"<td{' class=n' if isinstance(value, int | float) else ''}>{escape('–' if value is None else str(value))}</td>"
            for value in row
        )
        + "</tr>"
        for row in frame.iter_rows()
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
