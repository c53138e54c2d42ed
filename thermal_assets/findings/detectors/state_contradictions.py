"""File names whose state token (normal, anomalous) contradicts the state of their class.

Measure: the state a token stands for is learned from the names: at least 95 % of its files must lie
in classes of one state. The remaining files contradict it; their share is taken of the class where it
is serious, else of the data set in one finding a token. Tokens less pure than that say nothing.
"""

from __future__ import annotations

import duckdb

from thermal_assets.findings.finding import Finding, counted, fetch, number, percent, text, text_list
from thermal_assets.findings.scopes import ClassCount, Scope, file_counts, scopes
from thermal_assets.findings.thresholds import Thresholds
from thermal_assets.statistics.code_objects import PURITY

_SQL = """
WITH tokens AS (
    SELECT f.state_code, c.state, f.class_name, count(*) AS n, min(f.image_id, 12) AS examples
    FROM file_manifest f JOIN class_catalog c USING (class_name)
    WHERE f.state_code IS NOT NULL AND c.state IS NOT NULL
    GROUP BY ALL
), learned AS (
    SELECT state_code, arg_max(state, n) AS usual_state, max(n) / sum(n) AS purity
    FROM (SELECT state_code, state, sum(n) AS n FROM tokens GROUP BY ALL) GROUP BY ALL
)
SELECT t.class_name, t.state, t.state_code, l.usual_state, t.n, t.examples
FROM tokens t JOIN learned l USING (state_code)
WHERE l.purity >= $purity AND t.state <> l.usual_state
ORDER BY t.state_code, t.class_name
"""


def detect(connection: duckdb.DuckDBPyConnection, thresholds: Thresholds) -> list[Finding]:
    rows = fetch(connection, _SQL, purity=PURITY)
    sizes = file_counts(connection) if rows else {}
    findings = []
    for token, usual in sorted({(row["state_code"], row["usual_state"]) for row in rows}):
        states = {row["class_name"]: row["state"] for row in rows if row["state_code"] == token}
        hit = [
            ClassCount(row["class_name"], row["n"], tuple(row["examples"]))
            for row in rows
            if row["state_code"] == token
        ]
        findings += [
            _finding(scope, token, usual, sorted({states[item.class_name] for item in scope.hit}))
            for scope in scopes(hit, sizes, thresholds, thresholds.class_alone_share)
        ]
    return findings


def _finding(scope: Scope, token: str, usual: str, states: list[str]) -> Finding:
    others = " or ".join(states)
    classes = text_list(item.class_name for item in scope.hit)
    return Finding(
        finding_id=f"state_contradictions:{scope.subject}:{token}",
        severity="MEDIUM",
        detector="state_contradictions",
        level="L1",
        class_name=scope.class_name,
        title=f"Names say {usual}, the folder says {others}",
        statement=f"{number(scope.count)} of the {counted(scope.total, 'file')} of {scope.words} "
        f"({percent(scope.share)}) {'carries' if scope.count == 1 else 'carry'} {token} in the name, which elsewhere "
        f"stands for {usual}, but {'lies' if scope.count == 1 else 'lie'} in a class whose state is {others}"
        f"{scope.where}.{scope.note}",
        effect_name=f"share of the files of the {scope.unit}",
        effect_size=scope.share,
        affected_images=scope.count,
        example_ids=scope.examples,
        evidence_sql="SELECT class_name, image_id, state_code, session_id, distance_m FROM file_manifest\n"
        f"WHERE class_name IN ({classes}) AND state_code = {text(token)}\nORDER BY class_name, image_id",
        action="Look at the examples; move the images to the class their names tell, or correct the names.",
    )
