"""Classes whose pictures change with the place.

Measure: table domain_drift, kind 'place'. Two things must come together: the place's session means lie farther from
those of all other places than handing whole sessions round gives (q over all places), and a classifier that has not
seen the sessions tells its pictures with an AUC of domain_auc or more. Where sessions are too few for p to get there,
nothing is claimed. LOW: places differ; the question is whether training and test share them. The examples are the
pictures that show it most.
"""

from __future__ import annotations

from itertools import groupby

import duckdb

from thermal_assets.findings.finding import Finding, counted, fetch, named, number, text, text_list
from thermal_assets.findings.scopes import in_turn
from thermal_assets.findings.thresholds import Thresholds
from thermal_assets.warehouse.told_domains import told_domains_sql

_SQL = f"""
SELECT * FROM ({told_domains_sql("$alpha", "$bound")})
WHERE kind = 'place'
ORDER BY class_name, auc DESC, value
"""


def detect(connection: duckdb.DuckDBPyConnection, thresholds: Thresholds) -> list[Finding]:
    rows = fetch(connection, _SQL, alpha=thresholds.alpha, bound=thresholds.domain_auc)
    findings = []
    for name, group in groupby(rows, key=lambda row: row["class_name"]):
        places = list(group)
        worst = places[0]
        values = [row["value"] for row in places]
        findings.append(
            Finding(
                finding_id=f"place_drift:{name}",
                severity="LOW",
                detector="place_drift",
                level=worst["level"],
                class_name=name,
                title="The pictures change with the place",
                statement=f"In class {name}, {counted(len(places), 'place')} {'differs' if len(places) == 1 else 'differ'} "
                f"from the others: {named(values, 6)}. Most of all {worst['value']} ({number(worst['image_count'])} images "
                f"of {counted(worst['sessions'], 'session')}): a classifier that has not seen these sessions tells its "
                f"pictures with an AUC of {worst['auc']:.2f} (energy distance {worst['energy_distance']:.3g}; "
                f"session means: q = {worst['q_value']:.2g}).",
                effect_name="AUC of the place in held-out sessions",
                effect_size=worst["auc"],
                ci_low=worst["ci_low"],
                ci_high=worst["ci_high"],
                affected_images=sum(row["image_count"] for row in places),
                example_ids=tuple(in_turn([row["typical_ids"] for row in places])),
                evidence_sql="SELECT level, value, image_count, sessions, sessions_others, auc, ci_low, ci_high,\n"
                "       energy_distance, p_value, q_value, typical_ids, statement\nFROM domain_drift\n"
                f"WHERE kind = 'place' AND class_name = {text(name)} AND value IN ({text_list(values)})\n"
                "ORDER BY auc DESC",
                action="Keep whole places apart when testing, and collect both states at every place.",
            )
        )
    return findings
