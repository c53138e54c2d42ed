"""What the two detectors of file names share: counting entries 'code: text' of token_problems."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from thermal_assets.findings.finding import Finding, counted, counted_names, fetch, number, percent, text
from thermal_assets.findings.thresholds import Thresholds

_SQL = """
WITH problems AS (
    SELECT image_id, class_name, unnest(token_problems) AS problem FROM file_manifest WHERE len(token_problems) > 0
), parts AS (
    SELECT image_id, class_name, problem, split_part(problem, ':', 1) AS code,
           trim(substr(problem, strpos(problem, ':') + 1)) AS told
    FROM problems
), texts AS (
    SELECT code, class_name, told, count(*) AS n FROM parts GROUP BY ALL
)
SELECT p.code, p.class_name, count(DISTINCT p.image_id) AS n, min(p.image_id, 12) AS examples,
       any_value(f.n) AS files, any_value(t.texts) AS texts, any_value(t.counts) AS counts
FROM parts p
JOIN (SELECT class_name, count(*) AS n FROM file_manifest GROUP BY ALL) f USING (class_name)
JOIN (SELECT code, class_name, max_by(told, n, 3) AS texts, max(n, 3) AS counts FROM texts GROUP BY ALL) t
  ON t.code = p.code AND t.class_name = p.class_name
WHERE list_contains($codes, p.code)
GROUP BY p.code, p.class_name
ORDER BY p.code, p.class_name
"""


def findings_by_code(
    connection: duckdb.DuckDBPyConnection,
    thresholds: Thresholds,
    detector: str,
    titles: Mapping[str, str],
    action: str,
) -> list[Finding]:
    """One finding a code of ``titles`` and class: how many file names carry it, and the commonest texts."""
    findings = []
    for row in fetch(connection, _SQL, codes=list(titles)):
        code, name, count, files = row["code"], row["class_name"], row["n"], row["files"]
        share = count / files
        verb = "has" if count == 1 else "have"
        findings.append(
            Finding(
                finding_id=f"{detector}:{code}:{name}",
                severity="MEDIUM" if share >= thresholds.names_medium_share else "LOW",
                detector=detector,
                level="L1",
                class_name=name,
                title=titles[code],
                statement=f"{number(count)} of the {counted(files, 'file')} of class {name} ({percent(share)}) {verb} "
                f"this problem in the name: {counted_names(list(zip(row['texts'], row['counts'], strict=True)))}.",
                effect_name="share of the files of the class",
                effect_size=share,
                affected_images=count,
                example_ids=tuple(row["examples"]),
                evidence_sql="SELECT image_id, problem\n"
                "FROM (SELECT image_id, class_name, unnest(token_problems) AS problem FROM file_manifest)\n"
                f"WHERE class_name = {text(name)} AND starts_with(problem, {text(code + ':')})\n"
                "ORDER BY problem, image_id",
                action=action,
            )
        )
    return findings
