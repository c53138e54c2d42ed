"""The scorecard: what the tables say in the terms of data quality, judged by the profile."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import polars as pl

from thermal_assets.home.layout import Home
from thermal_assets.scorecard.card import COMPOSITE, measure_all, scorecard_frame
from thermal_assets.scorecard.measure import Basis
from thermal_assets.scorecard.measures import MEASURES
from thermal_assets.steps.findings import MEASURED
from thermal_assets.steps.outputs import AssetPlan, Output, Slice, StepReport
from thermal_assets.steps.step import run_step
from thermal_assets.steps.versions import ALL_PARTITIONS, fingerprint

_VERSION = "2"
HISTORY_PREFIX = "scorecard_"


def materialize_scorecard(home: Home, run_id: str) -> StepReport:
    """Write scorecard, and its values into metric_history under ``scorecard_<measure>``."""
    profile = home.profile
    ranges = profile.ranges
    basis = Basis(
        profile.thresholds, window_declared=ranges.captured_from is not None or ranges.captured_to is not None
    )

    def compute(due: frozenset[str]) -> dict[str, Output]:
        with home.warehouse.read() as connection:
            measured = measure_all(connection, basis)
        card = scorecard_frame(measured, profile.scorecard, basis)
        history = card.select(
            pl.lit(run_id).alias("run_id"),
            pl.concat_str(pl.lit(HISTORY_PREFIX), "measure").alias("metric"),
            pl.lit("*").alias("class_name"),
            "value",
            pl.lit(datetime.now(UTC)).alias("measured_at"),
        )
        return {
            "scorecard": Output(
                [Slice("scorecard", card), Slice("metric_history", history, append=True)],
                metadata=scorecard_facts(card),
            )
        }

    parameters = {
        "sql": fingerprint([measure.sql(basis) for measure in MEASURES.values()]),
        "settings": profile.scorecard.model_dump(mode="json"),
        "bounds": fingerprint([(name, *profile.scorecard.bounds(name)) for name in MEASURES]),
    }
    upstream = [(asset, ALL_PARTITIONS) for asset in (*MEASURED, "l3_lens")]
    return run_step(home, run_id, [AssetPlan("scorecard", _VERSION, parameters)], compute, upstream=upstream)[
        "scorecard"
    ]


def scorecard_facts(card: pl.DataFrame) -> dict[str, Any]:
    """What the UI shows: the composite, how many measures are good, and the table as markdown-free JSON."""
    single = card.filter(pl.col("measure") != COMPOSITE)
    composite = card.filter(pl.col("measure") == COMPOSITE)["value"][0]
    return {
        "composite": None if composite is None else round(composite, 1),
        **{word.replace(" ", "_"): single.filter(pl.col("verdict") == word).height for word in ("good", "look", "bad")},
        "without_a_value": single.filter(pl.col("value").is_null()).height,
        "measures": [
            {"measure": name, "value": None if value is None else round(value, 4), "verdict": verdict, "reason": reason}
            for name, value, verdict, reason in single.select("measure", "value", "verdict", "reason").iter_rows()
        ],
    }
