"""What the two detectors of file names share: counting entries 'code: text' of token_problems."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from thermal_assets.findings.finding import Finding, counted, counted_names, fetch, number, percent, text
from thermal_assets.findings.scopes import ClassCount, Scope, file_counts, scopes
from thermal_assets.findings.thresholds import Thresholds

TEXTS = 3  # texts of one problem that a sentence quotes

# What is no picture at all (Thumbs.db) is told by unreadable_files; that its name does not parse is no news.
_NAMES = """(SELECT image_id, class_name, unnest(token_problems) AS problem FROM file_manifest f
      WHERE len(token_problems) > 0 AND NOT EXISTS (
          SELECT 1 FROM image_problems p WHERE p.image_key = f.image_key AND p.code = 'not_an_image'))"""
_PARTS = f"""
WITH parts AS (
    SELECT image_id, class_name, split_part(problem, ':', 1) AS code,
           trim(substr(problem, strpos(problem, ':') + 1)) AS told
    FROM {_NAMES}
)
"""
_CLASSES = f"""{_PARTS}
SELECT code, class_name, count(DISTINCT image_id) AS n, min(DISTINCT image_id, 12) AS examples
FROM parts WHERE list_contains($codes, code) GROUP BY ALL ORDER BY ALL
"""


def findings_by_code(
    connection: duckdb.DuckDBPyConnection,
    thresholds: Thresholds,
    detector: str,
    titles: Mapping[str, str],
    action: str,
) -> list[Finding]:
    """A finding over the classes for every code of ``titles``, and one for each class with a serious share of it."""
    hit: dict[str, list[ClassCount]] = {}
    for row in fetch(connection, _CLASSES, codes=list(titles)):
        hit.setdefault(row["code"], []).append(ClassCount(row["class_name"], row["n"], tuple(row["examples"])))
    sizes = file_counts(connection) if hit else {}
    return [
        _finding(scope, code, _told(connection, code, scope), thresholds, detector, titles[code], action)
        for code, classes in hit.items()
        for scope in scopes(classes, sizes, thresholds, thresholds.class_alone_share)
    ]


def _finding(
    scope: Scope, code: str, told: str, thresholds: Thresholds, detector: str, title: str, action: str
) -> Finding:
    much = scope.serious or scope.share >= thresholds.names_medium_share
    return Finding(
        finding_id=f"{detector}:{code}:{scope.subject}",
        severity="MEDIUM" if much else "LOW",
        detector=detector,
        level="L1",
        class_name=scope.class_name,
        title=title,
        statement=f"{number(scope.count)} of the {counted(scope.total, 'file')} of {scope.words} "
        f"({percent(scope.share)}) {'has' if scope.count == 1 else 'have'} this problem in the name{scope.where}. "
        f"What is wrong: {told}.{scope.note}",
        effect_name=f"share of the files of the {scope.unit}",
        effect_size=scope.share,
        affected_images=scope.count,
        example_ids=scope.examples,
        evidence_sql="SELECT class_name, image_id, problem\n"
        f"FROM {_NAMES}\n"
        f"WHERE starts_with(problem, {text(code + ':')}) AND {scope.condition}\n"
        "ORDER BY class_name, problem, image_id",
        action=action,
    )


def _told(connection: duckdb.DuckDBPyConnection, code: str, scope: Scope) -> str:
    """The commonest texts of the problem in ``scope``, with the number of names that have them."""
    rows = fetch(
        connection,
        f"{_PARTS}\nSELECT told, count(*) AS n, count(*) OVER () AS texts\n"
        f"FROM parts WHERE code = {text(code)} AND {scope.condition}\n"
        f"GROUP BY told ORDER BY n DESC, told LIMIT {TEXTS}",
    )
    rest = rows[0]["texts"] - len(rows)
    words = counted_names([(row["told"], row["n"]) for row in rows], TEXTS)
    return f"{words}; and {counted(rest, 'other text')}" if rest else words
