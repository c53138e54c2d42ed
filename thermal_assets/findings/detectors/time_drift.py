"""Classes whose pictures change over the months of the collection.

Examples are the pictures that show it most: those that a classifier held out by session (domain_drift) takes for the
month most surely. Measure: energy distance of a month's session means to those of all other months (time_drift), with a
permutation p over whole sessions; Benjamini-Hochberg over all classes and months of the level. Where
sessions are too few for p to get there, nothing is claimed. The finest level counts. LOW: seasons
change thermal pictures; the question is whether training and test come from the same months.
"""

from __future__ import annotations

from itertools import groupby

import duckdb
from scipy.stats import false_discovery_control

from thermal_assets.findings.finding import Finding, counted, fetch, named, text, text_list
from thermal_assets.findings.thresholds import Thresholds

_SQL = """
SELECT d.*
FROM time_drift d JOIN lenses l ON l.lens_id = d.lens_id AND l.in_force
WHERE d.p_value IS NOT NULL AND d.attainable_p <= $alpha
QUALIFY dense_rank() OVER (PARTITION BY d.class_name ORDER BY d.level DESC) = 1
ORDER BY d.class_name, d.period
"""


def detect(connection: duckdb.DuckDBPyConnection, thresholds: Thresholds) -> list[Finding]:
    rows = fetch(connection, _SQL, alpha=thresholds.alpha)
    if not rows:
        return []
    q_values = false_discovery_control([row["p_value"] for row in rows])
    flagged = [{**row, "q_value": float(q)} for row, q in zip(rows, q_values, strict=True) if q <= thresholds.alpha]
    findings = []
    for name, group in groupby(flagged, key=lambda row: row["class_name"]):
        months = list(group)
        largest = max(months, key=lambda row: row["energy_distance"] or 0.0)
        periods = [row["period"] for row in months]
        (found,) = fetch(
            connection,
            "SELECT min(f.image_id, 12) AS examples, any_value(d.typical_ids) AS typical, any_value(d.auc) AS auc\n"
            "FROM file_manifest f LEFT JOIN domain_drift d\n"
            "  ON d.class_name = f.class_name AND d.kind = 'month' AND d.value = $period AND d.auc IS NOT NULL\n"
            "WHERE f.class_name = $class_name AND strftime(f.captured_on, '%Y-%m') = $period",
            class_name=name,
            period=largest["period"],
        )
        verb = "differs" if len(months) == 1 else "differ"
        findings.append(
            Finding(
                finding_id=f"time_drift:{name}",
                severity="LOW",
                detector="time_drift",
                level=largest["level"],
                class_name=name,
                title="The pictures change over time",
                statement=f"In class {name}, {counted(len(months), 'month')} {verb} from the others: "
                f"{named(periods, 6)}. "
                f"Most of all {largest['period']}, with an energy distance of {largest['energy_distance']:.3g} between "
                f"session means (p = {largest['p_value']:.3g}, q = {largest['q_value']:.3g} over classes and months)."
                + (
                    f" A classifier that has not seen its sessions tells its pictures with an AUC of {found['auc']:.2f}."
                    if found["auc"] is not None
                    else ""
                ),
                effect_name="energy distance",
                effect_size=largest["energy_distance"],
                affected_images=sum(row["image_count"] for row in months),
                example_ids=tuple(found["typical"] or found["examples"] or ()),
                evidence_sql="SELECT level, period, image_count, sessions, median_density, energy_distance, p_value,\n"
                f"       attainable_p, statement\nFROM time_drift\nWHERE class_name = {text(name)} "
                f"AND period IN ({text_list(periods)})\nORDER BY level, period",
                action="Keep whole months apart when testing, and check what changed (season, camera, settings).",
            )
        )
    return findings
