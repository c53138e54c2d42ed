"""Finding, gate, scorecard and review list go by one rule for suspect labels."""

from __future__ import annotations

from contextlib import nullcontext
from math import log
from pathlib import Path

import duckdb
import pytest

from thermal_assets.findings.detectors.label_conflicts import detect
from thermal_assets.findings.thresholds import Thresholds
from thermal_assets.findings.thresholds_table import thresholds_frame
from thermal_assets.gates.gate import GateBasis
from thermal_assets.gates.judgements import GATES
from thermal_assets.reports_sql.loader import load_project
from thermal_assets.reports_sql.running import build_models
from thermal_assets.scorecard.labels import LABELS
from thermal_assets.scorecard.measure import Basis
from thermal_assets_tests.findings.fixtures import LENSES, NOW, SmallWarehouse, clean

ODDS = (3.1, 8.9, 9.1, 12.0, 20.5, 40.0, 90.0, 200.0, 500.0)
DOUBTFUL = 200.0  # less typical of the other class than most of its own images


def _suspects(w: SmallWarehouse, thresholds: Thresholds) -> dict[str, int]:
    connection: duckdb.DuckDBPyConnection = w.connect()
    connection.register("given", thresholds_frame(thresholds))
    connection.execute("INSERT INTO thresholds BY NAME SELECT * FROM given")
    build_models(connection, load_project())
    images = len(w.of("channel_stats"))
    (finding,) = detect(connection, thresholds)
    (gate,) = (gate for gate in GATES if gate.name == "label_contradictions")
    share = gate.measure(GateBasis(lambda: nullcontext(connection), Path(), NOW)).value
    (measure,) = (measure for measure in LABELS if measure.name == "labels_supported")
    assert not isinstance(measure.query, str)
    assert share is not None
    ((value, _),) = connection.execute(measure.query(Basis(thresholds, window_declared=True))).fetchall()
    listed = connection.execute(
        "SELECT count(*) FROM review_list WHERE list_contains(reasons, 'lies among images of another class')"
    ).fetchall()[0][0]
    return {
        "finding": finding.affected_images,
        "evidence": connection.sql(finding.evidence_sql).pl().height,
        "gate": round(share * images),
        "scorecard": round((1 - value) * images),
        "review list": listed,
    }


@pytest.mark.parametrize(("odds", "told"), [(9.0, 6), (20.0, 4)])
def test_all_judges_count_the_same_labels(odds: float, told: int) -> None:
    w = clean()
    w.tables["label_conflicts"].clear()
    for rank, (against, row) in enumerate(zip(ODDS[::-1], w.of("file_manifest", w.names[3]), strict=False), start=1):
        identity = {key: row[key] for key in ("image_id", "class_name", "image_key")}
        # The neighbours alone would speak for none of them.
        w.add("label_conflicts", **identity, neighbor_class=w.names[2], neighbor_share=0.6, own_share=0.4, score=0.2,
              typicality=0.4 if against == DOUBTFUL else 0.6, log_odds=log(against), rank=rank,
              lens_id=LENSES["L3"])  # fmt: skip
    w.add("label_noise", class_name=w.names[3], neighbor_class="*", image_count=80, contrary=6, share=0.06, ci_low=0.02,
          ci_high=0.1, sessions=10, neighbor_sessions=10, lens_id=LENSES["L3"])  # fmt: skip
    w.add("asset_versions", asset="label_conflicts", partition="", version="v", manifest_version="v",
          input_version="i", lens_id="", run_id="r", written_at=NOW)  # fmt: skip
    counted = _suspects(w, Thresholds(label_conflict_odds=odds))
    assert counted == dict.fromkeys(counted, told)
