"""Can state or class be told from what should not matter: the file, the size of the crop, the colours, place and day?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from thermal_assets.statistics.auc import UnitAuc, auc, resampled_mean_auc, weighted_mean_auc
from thermal_assets.statistics.folds import group_folds
from thermal_assets.statistics.frames import table_frame
from thermal_assets.statistics.groups import codes, exclusion_groups
from thermal_assets.statistics.resampling import Interval, session_bootstrap
from thermal_assets.statistics.shortcut_bins import Bins, binned, log_ratios
from thermal_assets.statistics.stratified_draw import draw_per_stratum

# what may give a label away -> columns of ``images``; text is taken as it is, numbers in twenty steps
FEATURES: dict[str, tuple[str, ...]] = {
    "mode and alpha": ("channels",),
    "crop size": ("width", "height"),
    "palette": ("palette",),
    "brightness": ("brightness",),
    "distance": ("distance_m",),
    "place": ("site_code",),
    "date": ("day",),
}
FOLDS = 5
MIN_IMAGES = 20  # a side; below it an AUC is noise
MAX_PER_CLASS = 5000
SALT = "shortcut_audit"


@dataclass(frozen=True)
class _Question:
    target: str
    subject: str
    positive: NDArray[np.bool_]
    rows: NDArray[np.int64]


def shortcut_audit(
    images: pl.DataFrame,
    *,
    copies: NDArray[np.int64] | None = None,
    max_per_class: int = MAX_PER_CLASS,
    salt: str = SALT,
    progress: Callable[[int, int], None] | None = None,
) -> pl.DataFrame:
    """Rows of table ``shortcut_audit``: one a question (state of a pair, class against all others) and feature.

    ``images`` has image_key, class_name, state, pair, session_id and the columns of FEATURES (NULL: not known, which
    is a value of its own). The score of an image is the log ratio of how often the two sides have its value among the
    images of the other folds, every session of a side counting the same; of two columns, the sum. Folds keep sessions
    whole (``copies`` int64[n], groups of near copies, where names have none); the AUC is that of each fold, averaged
    by n1 n0 / (n1 + n0), for pooled scores of folds would lie below one half by chance.
    At most ``max_per_class`` images of a class take part, by salted hash; ``method`` says so.
    """
    classes = codes(images["class_name"])
    keys = images["image_key"].to_numpy().astype(np.int64)
    taken = draw_per_stratum(keys, classes, max_per_class, salt)
    sampled = taken.size < images.height
    groups = exclusion_groups(images, copies)[taken]
    part, keys = images[taken], keys[taken]
    sessions = codes(part["session_id"])
    columns = {name: [binned(part[column]) for column in of] for name, of in FEATURES.items()}
    questions = list(_questions(part))
    rows: list[dict[str, Any]] = []
    for number, question in enumerate(questions):
        if progress is not None:
            progress(number, len(questions))
        rows += _ask(question, columns, keys, groups, sessions, "sample" if sampled else "exact", salt)
    return table_frame("shortcut_audit", rows)


def _questions(images: pl.DataFrame) -> Iterator[_Question]:
    names, states, pairs = (images[name].to_numpy() for name in ("class_name", "state", "pair"))
    for pair in images["pair"].drop_nulls().unique().sort().to_list():
        rows = np.flatnonzero((pairs == pair) & ((states == "normal") | (states == "anomaly")))
        if np.unique(states[rows]).size == 2:
            yield _Question("state", pair, states[rows] == "anomaly", rows)
    known = images["class_name"].unique().sort().to_list()
    if len(known) > 1:
        everything = np.arange(images.height)
        for name in known:
            yield _Question("class", name, names == name, everything)


def _ask(
    question: _Question,
    columns: dict[str, list[Bins]],
    keys: NDArray[np.int64],
    groups: NDArray[np.int64],
    sessions: NDArray[np.int64],
    method: str,
    salt: str,
) -> list[dict[str, Any]]:
    rows, positive = question.rows, question.positive
    sides = rows[positive], rows[~positive]
    units = [np.unique(groups[side]).size for side in sides]
    folds = np.zeros(rows.size, dtype=np.int64)
    if min(units) >= 2:
        folds = group_folds(positive.astype(np.int64), keys[rows], groups[rows], salt, min(FOLDS, *units))
    session_counts = [np.unique(sessions[side][sessions[side] >= 0]).size for side in sides]
    found = []
    for feature, of in columns.items():
        row: dict[str, Any] = {
            "target": question.target,
            "subject": question.subject,
            "feature": feature,
            "auc": None,
            "ci_low": None,
            "ci_high": None,
            "interval_note": "Not measured",
            "telling_value": None,
            "share_positive": None,
            "share_negative": None,
            "n_positive": sides[0].size,
            "n_negative": sides[1].size,
            "sessions_positive": session_counts[0],
            "sessions_negative": session_counts[1],
            "folds": int(folds.max()) + 1,
            "method": method,
        }
        found.append(row)
        if all(column.unknown(rows) for column in of):
            row["statement"] = f"Not known of any image: {feature}"
        elif min(side.size for side in sides) < MIN_IMAGES:
            row["statement"] = f"Not measured: a side has fewer than {MIN_IMAGES} images"
        elif min(units) < 2:
            row["statement"] = "Not measured: a side comes from one session only, so nothing can be held out"
        else:
            weights = _session_weights(groups[rows], positive)
            _measure(row, of, rows, positive, folds, weights, sessions[rows], salt)
    return found


def _measure(
    row: dict[str, Any],
    of: list[Bins],
    rows: NDArray[np.int64],
    positive: NDArray[np.bool_],
    folds: NDArray[np.int64],
    weights: NDArray[np.float64],
    sessions: NDArray[np.int64],
    salt: str,
) -> None:
    """Fills in the AUC, its interval, the value that tells most, and the sentence."""
    scores = sum((log_ratios(column, rows, positive, folds, weights) for column in of), np.zeros(rows.size))
    parts = [(scores[(folds == fold) & positive], scores[(folds == fold) & ~positive]) for fold in np.unique(folds)]
    row["auc"] = weighted_mean_auc([auc(*part) for part in parts], [(part[0].size, part[1].size) for part in parts])
    interval = _interval(scores, positive, folds, sessions, f"{salt}|{row['subject']}|{row['feature']}")
    row["ci_low"], row["ci_high"], row["interval_note"] = interval.low, interval.high, interval.note
    value, share, other = max(
        (column.telling(rows, positive, weights) for column in of), key=lambda item: abs(item[1] - item[2])
    )
    row["telling_value"], row["share_positive"], row["share_negative"] = value, share, other
    sides = ("anomaly", "normal") if row["target"] == "state" else (row["subject"], "all other classes")
    row["statement"] = (
        f"{row['feature'].capitalize()} alone tells {sides[0]} from {sides[1]} with an AUC of {row['auc']:.2f} "
        f"in held-out {'sessions' if (sessions >= 0).any() else 'images'}; {value}: {share:.0%} of {sides[0]}, "
        f"{other:.0%} of {sides[1]}"
        if row["auc"] is not None
        else "Not measured: no fold holds images of both sides"
    )


def _session_weights(groups: NDArray[np.int64], positive: NDArray[np.bool_]) -> NDArray[np.float64]:
    """float64 [n]: 1 / (images of its session on its side), so that a long session is one witness and not many."""
    cells, of = np.unique(np.stack([groups, positive]), axis=1, return_inverse=True)
    return (1 / np.bincount(of.ravel(), minlength=cells.shape[1]))[of.ravel()]


def _interval(
    scores: NDArray[np.float64],
    positive: NDArray[np.bool_],
    folds: NDArray[np.int64],
    sessions: NDArray[np.int64],
    salt: str,
) -> Interval:
    units, unit = np.unique(sessions, return_inverse=True)
    named = [unit[side & (sessions >= 0)] for side in (positive, ~positive)]
    parts: list[UnitAuc] = []

    def statistic(multiplicities: NDArray[np.float64]) -> NDArray[np.float64]:
        if not parts:  # only where there are sessions enough to ask
            for fold in np.unique(folds):
                high, low = (folds == fold) & positive, (folds == fold) & ~positive
                parts.append(UnitAuc([(scores[high], scores[low])], unit[high], unit[low]))
        return resampled_mean_auc(parts, multiplicities)

    return session_bootstrap(
        statistic, *named, units=units.size, salt=salt, names=("the one side", "the other"), replicates=500
    )
