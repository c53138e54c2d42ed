"""File names whose state token (normal, anomalous) contradicts the state of their class.

Measure: the state a token stands for is learned from the names: at least 95 % of its files must lie
in classes of one state. The remaining files contradict it. Tokens less pure than that say nothing.
"""

from __future__ import annotations

import duckdb

from thermal_assets.findings.finding import Finding, counted, fetch, number, percent, text
from thermal_assets.findings.thresholds import Thresholds

PURITY = 0.95  # a definition, not a matter of taste: the same purity from which object codes are learned

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
SELECT t.class_name, t.state, t.state_code, l.usual_state, t.n, t.examples,
       (SELECT count(*) FROM file_manifest m WHERE m.class_name = t.class_name) AS files
FROM tokens t JOIN learned l USING (state_code)
WHERE l.purity >= $purity AND t.state <> l.usual_state
ORDER BY ALL
"""


def detect(connection: duckdb.DuckDBPyConnection, thresholds: Thresholds) -> list[Finding]:
    findings = []
    for row in fetch(connection, _SQL, purity=PURITY):
        name, token, count = row["class_name"], row["state_code"], row["n"]
        share = count / row["files"]
        verb = "carries" if count == 1 else "carry"
        findings.append(
            Finding(
                finding_id=f"state_contradictions:{name}:{token}",
                severity="MEDIUM",
                detector="state_contradictions",
                level="L1",
                class_name=name,
                title=f"Names say {row['usual_state']}, the folder says {row['state']}",
                statement=f"{number(count)} of the {counted(row['files'], 'file')} of class {name} ({percent(share)}) "
                f"{verb} {token} in the name, which elsewhere stands for {row['usual_state']}; the class is "
                f"{row['state']}.",
                effect_name="share of the files of the class",
                effect_size=share,
                affected_images=count,
                example_ids=tuple(row["examples"]),
                evidence_sql="SELECT image_id, state_code, session_id, distance_m FROM file_manifest\n"
                f"WHERE class_name = {text(name)} AND state_code = {text(token)} ORDER BY image_id",
                action="Look at the examples; move the images to the class their names tell, or correct the names.",
            )
        )
    return findings
