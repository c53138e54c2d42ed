"""What the detectors of annotations share: counting rows of annotation_problems by code and class.

A file above the class folders stands in every class; it is counted once, in the first of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from thermal_assets.findings.finding import Finding, counted, counted_names, fetch, number, percent, text
from thermal_assets.findings.scopes import ClassCount, Scope, file_counts, scopes
from thermal_assets.findings.thresholds import Thresholds

TEXTS = 3  # texts of one problem that a sentence quotes

_CLASSES = """
SELECT code, class_name, count(*) AS n, min(image_id, 12) AS examples
FROM (SELECT code, subject, min(class_name) AS class_name, min(image_id) AS image_id FROM annotation_problems
      WHERE list_contains($codes, code) GROUP BY code, subject)
GROUP BY code, class_name ORDER BY code, class_name
"""


@dataclass(frozen=True)
class Kind:
    """How one code is told: title, what is the matter, the line of action.

    ``legal``: never more than LOW. ``of_files``: counted are annotation files, not images.
    """

    title: str
    matter: str
    action: str
    legal: bool = False
    of_files: bool = False


def findings_by_code(
    connection: duckdb.DuckDBPyConnection, thresholds: Thresholds, detector: str, kinds: Mapping[str, Kind]
) -> list[Finding]:
    """A finding over the classes for every code of ``kinds``, and one for each class with a serious share of it."""
    hit: dict[str, list[ClassCount]] = {}
    for row in fetch(connection, _CLASSES, codes=list(kinds)):
        hit.setdefault(row["code"], []).append(ClassCount(row["class_name"], row["n"], tuple(row["examples"] or ())))
    sizes = file_counts(connection) if hit else {}
    return [
        _finding(connection, scope, code, thresholds, detector, kinds[code])
        for code, classes in hit.items()
        for scope in scopes(classes, sizes, thresholds, thresholds.class_alone_share)
    ]


def _finding(
    connection: duckdb.DuckDBPyConnection, scope: Scope, code: str, thresholds: Thresholds, detector: str, kind: Kind
) -> Finding:
    much = not kind.legal and (scope.serious or scope.share >= thresholds.annotation_medium_share)
    counts = (
        f"{counted(scope.count, 'annotation file')} of {scope.words}"
        if kind.of_files
        else f"{number(scope.count)} of the {counted(scope.total, 'file')} of {scope.words} ({percent(scope.share)})"
    )
    return Finding(
        finding_id=f"{detector}:{code}:{scope.subject}",
        severity="MEDIUM" if much else "LOW",
        detector=detector,
        level="L1",
        class_name=scope.class_name,
        title=kind.title,
        statement=f"{counts}: {kind.matter}{scope.where}.{_told(connection, code, scope)}{scope.note}",
        effect_name="annotation files" if kind.of_files else f"share of the files of the {scope.unit}",
        effect_size=float(scope.count) if kind.of_files else scope.share,
        affected_images=scope.count,
        example_ids=scope.examples,
        evidence_sql="SELECT class_name, subject, field, message, expected, found, source_file\n"
        f"FROM annotation_problems\nWHERE code = {text(code)} AND {scope.condition}\n"
        "ORDER BY class_name, subject, annotation_index",
        action=kind.action,
    )


def _told(connection: duckdb.DuckDBPyConnection, code: str, scope: Scope) -> str:
    """The commonest fields and values of the problem in ``scope`` as a sentence, '' if the table has none."""
    rows = fetch(
        connection,
        "SELECT field || coalesce(': ' || coalesce(nullif(found, ''), 'nothing') || coalesce(' instead of ' || expected, ''), '')\n"
        "       AS told, count(DISTINCT subject) AS n, count(*) OVER () AS texts\n"
        f"FROM annotation_problems WHERE code = {text(code)} AND {scope.condition} AND field <> ''\n"
        f"GROUP BY told ORDER BY n DESC, told LIMIT {TEXTS}",
    )
    if not rows:
        return ""
    words = counted_names([(row["told"], row["n"]) for row in rows], TEXTS)
    rest = rows[0]["texts"] - len(rows)
    more = f"; and {counted(rest, 'other text')}" if rest else ""
    return f" Most often: {words}{more}."
