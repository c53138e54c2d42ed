"""Which labels are suspect: the one rule that findings, gates, scorecard, review list and report go by."""

from __future__ import annotations

from thermal_assets.warehouse.columns import CLASS_NAME, IMAGE_ID, IMAGE_KEY
from thermal_assets.warehouse.last_judged import last_judged
from thermal_assets.warehouse.schema import View, column

#: Default of threshold label_conflict_odds; the view goes by it before anything was judged.
DEFAULT_ODDS = 9.0
#: Default of threshold label_conflict_typicality.
DEFAULT_TYPICALITY = 0.5


def suspect_labels_sql(odds: float | str, typicality: float | str) -> str:
    """SELECT of the rows of label_conflicts whose odds against the label are at least ``odds`` and whose typicality of
    the other label is at least ``typicality`` (numbers or SQL)."""
    return f"SELECT * FROM label_conflicts WHERE log_odds >= ln({odds}) AND typicality >= {typicality}"


SUSPECT_LABELS = View(
    "suspect_labels",
    "One row per image whose label is suspect: the rows of label_conflicts with odds of at least threshold "
    "label_conflict_odds against the label that look more surely like the other class than threshold "
    "label_conflict_typicality of its own images do, as last judged (before that: 9 to 1, and half of them).",
    (
        IMAGE_ID,
        CLASS_NAME,
        IMAGE_KEY,
        column("neighbor_class", "", "The label that neighbours and classifier together point to"),
        column("neighbor_share", "", "Size-balanced share of that label among the neighbours, 0..1"),
        column("own_share", "", "Size-balanced share of its own label among the neighbours, 0..1"),
        column("score", "", "neighbor_share minus own_share"),
        column("typicality", "", "Share of that label's own images that look less surely like it than this one does"),
        column("log_odds", "", "ln of the odds against its label"),
        column("rank", "", "1 = most suspect"),
        column("method", "", "'exact' or 'sample', as in label_conflicts"),
        column("lens_id", "", "The lens the figures come from"),
    ),
    suspect_labels_sql(
        last_judged("label_conflict_odds", DEFAULT_ODDS), last_judged("label_conflict_typicality", DEFAULT_TYPICALITY)
    ),
    reads=("label_conflicts", "thresholds"),
)
