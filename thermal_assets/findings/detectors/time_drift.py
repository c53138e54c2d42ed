"""Classes whose pictures change over the months of the collection.

Measure: table domain_drift, kinds 'month' (against all others) and 'half' (the later half of the sessions against the
earlier one, for what stays or comes slowly), in the reading of the lens that was made for comparing: there a change that
concerns few of its axes counts as much as one along the widest, which sessions differ in anyway. Two things must come
together: the energy distance of its session means to those of all others is more than handing whole
sessions round gives (q over all rows of the kind), and a classifier that has not seen the sessions tells its pictures
with an AUC of domain_auc or more. Where sessions are too few for p to get there, nothing is claimed. LOW: seasons
change thermal pictures; the question is whether training and test come from the same months. The examples are the
pictures that show it most. How density and distances go from month to month is in table time_drift.
"""

from __future__ import annotations

from itertools import groupby

import duckdb

from thermal_assets.findings.finding import Finding, counted, fetch, named, number, text, text_list
from thermal_assets.findings.scopes import in_turn
from thermal_assets.findings.thresholds import Thresholds

_SQL = """
SELECT d.*
FROM domain_drift d JOIN lenses l ON l.lens_id = d.lens_id AND l.in_force
WHERE d.kind IN ('month', 'half') AND d.q_value <= $alpha AND d.attainable_p <= $alpha AND d.auc >= $bound
ORDER BY d.class_name, d.auc DESC, d.value
"""


def detect(connection: duckdb.DuckDBPyConnection, thresholds: Thresholds) -> list[Finding]:
    rows = fetch(connection, _SQL, alpha=thresholds.alpha, bound=thresholds.domain_auc)
    findings = []
    for name, group in groupby(rows, key=lambda row: row["class_name"]):
        months = list(group)
        worst = months[0]
        periods = sorted(row["value"] for row in months)
        images = max(sum(row["image_count"] for row in months if row["kind"] == kind) for kind in ("month", "half"))
        verb = "differs" if len(months) == 1 else "differ"
        findings.append(
            Finding(
                finding_id=f"time_drift:{name}",
                severity="LOW",
                detector="time_drift",
                level=worst["level"],
                class_name=name,
                title="The pictures change over time",
                statement=f"In class {name}, {counted(len(months), 'period')} {verb} from the others: "
                f"{named(periods, 6)}. Most of all {worst['value']} ({number(worst['image_count'])} images of "
                f"{counted(worst['sessions'], 'session')}): a classifier that has not seen these sessions tells its "
                f"pictures with an AUC of {worst['auc']:.2f} (energy distance {worst['energy_distance']:.3g}, "
                f"q = {worst['q_value']:.3g}).",
                effect_name="AUC of the period in held-out sessions",
                effect_size=worst["auc"],
                ci_low=worst["ci_low"],
                ci_high=worst["ci_high"],
                affected_images=images,
                example_ids=tuple(in_turn([row["typical_ids"] for row in months])),
                evidence_sql="SELECT level, kind, value, image_count, sessions, sessions_others, auc, ci_low, ci_high,\n"
                "       energy_distance, p_value, q_value, typical_ids, statement\nFROM domain_drift\n"
                f"WHERE kind IN ('month', 'half') AND class_name = {text(name)} AND value IN ({text_list(periods)})\n"
                "ORDER BY auc DESC",
                action="Keep whole months apart when testing, and check what changed (season, camera, settings).",
            )
        )
    return findings
