"""Classes whose pictures change over the months of the collection.

Measure: table domain_drift, kinds 'from' (the day from which on pictures differ most from the earlier ones: a new
camera, a slow change) and 'period' (the stretch that differs most from what came before and after it: a season), in the
reading of the lens that was made for comparing: there a change that concerns few of its axes counts as much as one along
the widest, which sessions differ in anyway. Two things must come together: the means lie farther apart than handing
whole days round gives, the choice of the day included (q over both kinds of all classes), and a classifier
that has not seen the sessions tells the pictures with an AUC of domain_auc or more. Of the two kinds the one with the
smaller p is told. Months that do so against all others (q over all months) are named in classes that change at all,
and told by themselves where a class was shot on too few days to hand days round: then the finding says how many, for
a month may differ by the weather of its days alone.
Where sessions are too few for p to get there, nothing is claimed. LOW: seasons change thermal pictures; the question is
whether training and test come from the same months. The examples are the pictures that show it most. How density and
distances go from month to month is in table time_drift.
"""

from __future__ import annotations

from itertools import groupby

import duckdb

from thermal_assets.findings.finding import Finding, counted, fetch, named, number, text, text_list
from thermal_assets.findings.scopes import in_turn
from thermal_assets.findings.thresholds import Thresholds
from thermal_assets.warehouse.told_domains import told_domains_sql

_SQL = f"""
SELECT *, (SELECT count(DISTINCT captured_on) FROM file_manifest f WHERE f.class_name = t.class_name) AS days
FROM ({told_domains_sql("$alpha", "$bound")}) t
WHERE kind <> 'place'
ORDER BY class_name, auc DESC, value
"""


def detect(connection: duckdb.DuckDBPyConnection, thresholds: Thresholds) -> list[Finding]:
    rows = fetch(connection, _SQL, alpha=thresholds.alpha, bound=thresholds.domain_auc)
    findings = []
    for name, group in groupby(rows, key=lambda row: row["class_name"]):
        told = list(group)
        worst = told[0]
        periods = sorted(row["value"] for row in told)
        kinds = {row["kind"] for row in told}
        images = max(sum(row["image_count"] for row in told if row["kind"] == kind) for kind in kinds)
        chosen = (
            " It was chosen among all stretches for standing out most, for which q allows and the AUC does not."
            if worst["kind"] != "month"
            else ""
        )
        few_days = (
            f" The class was shot on {counted(worst['days'], 'day')}, too few to tell a change over time from what single "
            "days do."
            if kinds == {"month"}
            else ""
        )
        verb = "differs" if len(told) == 1 else "differ"
        findings.append(
            Finding(
                finding_id=f"time_drift:{name}",
                severity="LOW",
                detector="time_drift",
                level=worst["level"],
                class_name=name,
                title="The pictures change over time",
                statement=f"In class {name}, {counted(len(told), 'period')} {verb} from the others: "
                f"{named(periods, 6)}. Most of all {worst['value']} ({number(worst['image_count'])} images of "
                f"{counted(worst['sessions'], 'session')}): a classifier that has not seen these sessions tells its "
                f"pictures with an AUC of {worst['auc']:.2f} (energy distance {worst['energy_distance']:.3g}; "
                f"means: q = {worst['q_value']:.2g}).{chosen}{few_days}",
                effect_name="AUC of the period in held-out sessions",
                effect_size=worst["auc"],
                ci_low=worst["ci_low"],
                ci_high=worst["ci_high"],
                affected_images=images,
                example_ids=tuple(in_turn([row["typical_ids"] for row in told])),
                evidence_sql="SELECT level, kind, value, image_count, sessions, sessions_others, auc, ci_low, ci_high,\n"
                "       energy_distance, p_value, q_value, typical_ids, statement\nFROM domain_drift\n"
                f"WHERE kind <> 'place' AND class_name = {text(name)} AND value IN ({text_list(periods)})\n"
                "ORDER BY auc DESC",
                action="Keep whole periods apart when testing, and check what changed (season, camera, settings).",
            )
        )
    return findings
