"""Whether the pictures of a class change with time or with the place, and which pictures show it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.spatial.distance import pdist, squareform

from thermal_assets.statistics.drift_values import in_words, plural
from thermal_assets.statistics.frames import finite, table_frame
from thermal_assets.statistics.groups import codes
from thermal_assets.statistics.held_out_classifier import held_out_classifier, typical
from thermal_assets.statistics.resampling import benjamini_hochberg
from thermal_assets.statistics.session_energy import session_energy
from thermal_assets.statistics.stratified_draw import draw_per_stratum

MAX_PER_CLASS = 4000
EXAMPLES = 12
SALT = "domain_drift"
EARLIER = "earlier"


def domain_drift(
    images: pl.DataFrame,
    vectors_of: Callable[[NDArray[np.int64]], NDArray[np.float32]],
    *,
    level: str,
    lens_id: str,
    max_per_class: int = MAX_PER_CLASS,
    salt: str = SALT,
    progress: Callable[[int, int], None] | None = None,
) -> pl.DataFrame:
    """Rows of table ``domain_drift``: one a class, kind ('half', 'month', 'place') and value; none where names carry neither.

    'half' sets the later half of the sessions of a class against the earlier one: a change that stays, or a slow one, is
    spread over several months, of which each is set against the others that changed too.

    ``vectors_of`` gives float32[r, d] of rows int64[r], in the reading made for comparing. Two measures of one
    question. energy_distance, between session means, has a p-value by handing whole sessions round and says whether.
    The classifier, held out by session, says how well single pictures can be told, and which (typical_ids).
    At most ``max_per_class`` images of a class take part, by salted hash; images without a session do not.
    """
    names = sorted(images["class_name"].unique().to_list())
    sessions = codes(images["session_id"])
    keys = images["image_key"].to_numpy().astype(np.int64)
    classes = images["class_name"].to_numpy()
    days = images["captured_on"].cast(pl.Date)
    kinds = {
        "month": days.dt.strftime("%Y-%m").to_numpy(),
        "place": images["site_code"].to_numpy(),
    }
    rows: list[dict[str, Any]] = []
    for number, name in enumerate(names):
        if progress is not None:
            progress(number, len(names))
        of = np.flatnonzero((classes == name) & (sessions >= 0))
        if of.size == 0:
            continue
        members = of[draw_per_stratum(keys[of], np.zeros(of.size, dtype=np.int64), max_per_class, salt)]
        vectors = vectors_of(members)
        means, units = _session_means(vectors, sessions[members])
        apart = squareform(pdist(means)) if len(means) > 1 else np.zeros((len(means), len(means)))
        later = _later_half(days, sessions, of)
        for kind, values in (kinds | {"half": later}).items():
            own = values[members]
            for value in sorted({item for item in own if item is not None and item != EARLIER}):
                row = _measure(vectors, own == value, sessions[members], keys[members], apart, units, f"{salt}|{name}")
                group = members[typical(row.pop("scores"), np.flatnonzero(own == value), sessions[members], EXAMPLES)]
                whole = of[values[of] == value]
                rows.append(
                    row
                    | {
                        "class_name": name,
                        "level": level,
                        "kind": kind,
                        "value": str(value),
                        "image_count": whole.size,
                        "typical_ids": images["image_id"][group].to_list(),
                        "method": "sample" if members.size < of.size else "exact",
                        "lens_id": lens_id,
                    }
                )
    # Each kind asks a question of its own: whether anything changes at all (halves), when, and where.
    for kind in ("half", "month", "place"):
        asked = [row for row in rows if row["kind"] == kind]
        for row, q in zip(asked, benjamini_hochberg([row["p_value"] for row in asked]), strict=True):
            row["q_value"] = q
    return table_frame("domain_drift", rows)


def _later_half(days: pl.Series, sessions: NDArray[np.int64], of: NDArray[np.int64]) -> NDArray[np.object_]:
    """object[n]: 'from YYYY-MM-DD on' for the images ``of`` a class in the later half of its sessions, EARLIER for the
    others, None without a date; None throughout where all sessions are of one day."""
    found = np.full(days.len(), None, dtype=object)
    visits = pl.DataFrame({"row": of, "session": sessions[of], "day": days.gather(of)}).drop_nulls("day")
    firsts = visits.group_by("session").agg(pl.col("day").min())["day"].sort()
    if firsts.len() == 0 or firsts[0] == firsts[-1]:
        return found
    start = firsts[firsts.len() // 2]
    start = firsts.filter(firsts > firsts[0])[0] if start == firsts[0] else start
    started = visits.with_columns(pl.col("day").min().over("session") >= start)
    found[started["row"].to_numpy()] = np.where(started["day"].to_numpy(), f"from {start} on", EARLIER)
    return found


def _session_means(
    vectors: NDArray[np.float32], sessions: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    units, unit = np.unique(sessions, return_inverse=True)
    sums = np.zeros((units.size, vectors.shape[1]))
    np.add.at(sums, unit, vectors.astype(np.float64))
    return sums / np.bincount(unit)[:, None], units


def _measure(
    vectors: NDArray[np.float32],
    group: NDArray[np.bool_],
    sessions: NDArray[np.int64],
    keys: NDArray[np.int64],
    apart: NDArray[np.float64],
    units: NDArray[np.int64],
    salt: str,
) -> dict[str, Any]:
    inside, outside = np.unique(sessions[group]), np.unique(sessions[~group])
    # A session counts where most of it lies; it is nearly always wholly on one side.
    share = np.array([float(group[sessions == unit].mean()) for unit in units])
    energy, _, test = session_energy(apart, share > 0.5, salt)
    judged = held_out_classifier(vectors, group, sessions, keys, salt=salt)
    if outside.size == 0:
        statement = "All images with a session are of this one: nothing to compare"
    elif judged.auc is None:
        statement = f"{judged.interval.note}; what looks like a drift could be that one session"
    else:
        statement = (
            f"A classifier that has not seen the sessions tells these pictures from the others of the class with an "
            f"AUC of {judged.auc:.2f} ({plural(inside.size, 'session')} against {outside.size:,})"
        )
    if energy is not None:
        statement += f"; energy distance {energy:.3g}, {in_words(test, inside.size + outside.size)}"
    return {
        "sessions": inside.size,
        "sessions_others": outside.size,
        "energy_distance": finite(energy),
        "p_value": test.p_value,
        "attainable_p": test.attainable_p,
        "auc": judged.auc,
        "ci_low": judged.interval.low,
        "ci_high": judged.interval.high,
        "statement": statement,
        "scores": judged.scores,
    }
