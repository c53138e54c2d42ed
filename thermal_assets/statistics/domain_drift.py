"""Whether the pictures of a class change with time or with the place, and which pictures show it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.spatial.distance import pdist, squareform

from thermal_assets.statistics.drift_values import in_words, plural
from thermal_assets.statistics.frames import finite, table_frame
from thermal_assets.statistics.groups import codes
from thermal_assets.statistics.held_out_classifier import held_out_classifier, typical
from thermal_assets.statistics.mean_difference import (
    changed_from,
    mean_difference,
    passing_stretch,
    session_coordinates,
    session_means,
)
from thermal_assets.statistics.resampling import PermutationResult, benjamini_hochberg
from thermal_assets.statistics.session_energy import energy_distance
from thermal_assets.statistics.stratified_draw import draw_per_stratum

MAX_PER_CLASS = 4000
EXAMPLES = 12
SALT = "domain_drift"
# Each asks a question of its own: whether anything changes at all, which months differ, and which places.
_FAMILIES = (("from", "period"), ("month",), ("place",))
_EPOCH = date(1970, 1, 1)
_NO_DAY = np.iinfo(np.int64).min


@dataclass(frozen=True)
class _Domain:
    """One part of a class: ``rows`` bool[n] over the images of the class, and what the sessions say of it."""

    kind: str
    value: str
    rows: NDArray[np.bool_]
    test: PermutationResult
    chosen_of: int = 0  # parts among which it stood out most; 0: the names say where it begins and ends
    compared: NDArray[np.bool_] | None = None  # bool[n]: images that take part in the comparison; None: all


@dataclass(frozen=True)
class _Class:
    """The images of a class that have a session, of which ``members`` take part (int64, positions among them)."""

    sessions: NDArray[np.int64]
    days: pl.Series
    places: NDArray[np.object_]
    members: NDArray[np.int64]
    vectors: NDArray[np.float32]
    salt: str


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
    """Rows of table ``domain_drift``: one a class, kind ('from', 'period', 'month', 'place') and value.

    'from' is the day from which on the sessions differ most from the earlier ones (a new camera, a slow change),
    'period' the stretch that differs most from what came before and after it (a season); their p-values allow for the
    choice. Months and places are set against all others of the class. Names without dates and places give no rows.

    ``vectors_of`` gives float32[r, d] of rows int64[r], in the reading made for comparing. Two measures of one
    question. The means of the sessions are tested by handing whole sessions round (``mean_difference``), which says
    whether. The classifier, held out by session, says how well single pictures can be told, and which (typical_ids).
    At most ``max_per_class`` images of a class take part, by salted hash; images without a session do not.
    """
    names = sorted(images["class_name"].unique().to_list())
    sessions = codes(images["session_id"])
    keys = images["image_key"].to_numpy().astype(np.int64)
    classes = images["class_name"].to_numpy()
    days = images["captured_on"].cast(pl.Date)
    places = images["site_code"].to_numpy()
    rows: list[dict[str, Any]] = []
    for number, name in enumerate(names):
        if progress is not None:
            progress(number, len(names))
        of = np.flatnonzero((classes == name) & (sessions >= 0))
        if of.size == 0:
            continue
        drawn = draw_per_stratum(keys[of], np.zeros(of.size, dtype=np.int64), max_per_class, salt)
        members = of[drawn]
        one = _Class(sessions[of], days.gather(of), places[of], drawn, vectors_of(members), f"{salt}|{name}")
        means, _ = session_means(one.vectors, sessions[members])
        apart = squareform(pdist(means)) if len(means) > 1 else np.zeros((len(means), len(means)))
        for domain in _domains(one):
            row, scores = _measure(one, domain, keys[members], apart)
            own = np.flatnonzero(domain.rows[drawn])
            shown = members[typical(scores, own, sessions[members], EXAMPLES)]
            rows.append(
                row
                | {
                    "class_name": name,
                    "level": level,
                    "kind": domain.kind,
                    "value": domain.value,
                    "image_count": int(domain.rows.sum()),
                    "typical_ids": images["image_id"][shown].to_list(),
                    "method": "sample" if members.size < of.size else "exact",
                    "lens_id": lens_id,
                }
            )
    for family in _FAMILIES:
        asked = [row for row in rows if row["kind"] in family]
        for row, q in zip(asked, benjamini_hochberg([row["p_value"] for row in asked]), strict=True):
            row["q_value"] = q
    return table_frame("domain_drift", rows)


def _domains(one: _Class) -> Iterator[_Domain]:
    sessions = one.sessions[one.members]
    coordinates = session_coordinates(one.vectors, sessions)
    units = np.unique(sessions)
    for kind, values in (("month", one.days.dt.strftime("%Y-%m").to_numpy()), ("place", one.places)):
        for value in sorted({item for item in values[one.members] if item is not None}):
            rows = values == value
            mine = _mostly(rows[one.members], sessions)
            yield _Domain(kind, str(value), rows, mean_difference(coordinates, mine, f"{one.salt}|{kind}|{value}"))
    yield from _stretches(one, coordinates, units)


def _mostly(group: NDArray[np.bool_], sessions: NDArray[np.int64]) -> NDArray[np.bool_]:
    """bool[s]: sessions of which most lies in ``group`` bool[n]; a session is nearly always wholly on one side."""
    _, unit = np.unique(sessions, return_inverse=True)
    return np.asarray(np.bincount(unit, weights=group) > np.bincount(unit) / 2)


def _stretches(one: _Class, coordinates: NDArray[np.float64], units: NDArray[np.int64]) -> Iterator[_Domain]:
    """The two parts of the collection that stand out most, of sessions with a date; a session is of its first day."""
    frame = pl.DataFrame({"session": one.sessions, "day": one.days.to_physical()})
    begun = frame.select(pl.col("day").min().over("session")).to_series().cast(pl.Int64).fill_null(_NO_DAY).to_numpy()
    _, at = np.unique(one.sessions[one.members], return_index=True)  # in the order of ``units``
    of_units = begun[one.members][at]
    dated = of_units != _NO_DAY
    days, of_day = np.unique(of_units[dated], return_inverse=True)
    if days.size == 0:
        return
    sums = np.zeros((days.size, coordinates.shape[1]))
    np.add.at(sums, of_day, coordinates[dated])
    by_day = sums / np.bincount(of_day)[:, None]
    for kind, search in (("from", changed_from), ("period", passing_stretch)):
        found = search(by_day - by_day.mean(axis=0), f"{one.salt}|{kind}")
        if found is not None:
            first, last = int(days[found.first]), int(days[found.end - 1])
            if kind == "from":
                value, rows = f"from {_date(first)} on", begun >= first
            else:
                value, rows = f"{_date(first)} to {_date(last)}", (begun >= first) & (begun <= last)
            yield _Domain(kind, value, rows, found.test, found.tried, begun != _NO_DAY)


def _date(day: int) -> date:
    return _EPOCH + timedelta(days=day)


def _measure(
    one: _Class, domain: _Domain, keys: NDArray[np.int64], apart: NDArray[np.float64]
) -> tuple[dict[str, Any], NDArray[np.float64]]:
    """Columns of the row, and float64[n] how much each image that takes part looks like the domain (NaN: not judged)."""
    test, every = domain.test, one.sessions[one.members]
    asked = domain.compared[one.members] if domain.compared is not None else np.ones(every.size, dtype=bool)
    group, sessions = domain.rows[one.members][asked], every[asked]
    inside, outside = np.unique(sessions[group]), np.unique(sessions[~group])
    there = np.isin(np.unique(every), sessions)
    energy = energy_distance(apart[np.ix_(there, there)], _mostly(group, sessions))
    judged = held_out_classifier(one.vectors[asked], group, sessions, keys[asked], salt=one.salt)
    scores = np.full(every.size, np.nan)
    scores[asked] = judged.scores
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
        means = f"means of {'whole days' if domain.chosen_of else 'sessions'}"
        statement += f"; energy distance {energy:.3g}; {means}: {in_words(test, inside.size + outside.size)}"
    if domain.chosen_of:
        statement += (
            f"; of {plural(domain.chosen_of, 'stretch', 'stretches')} of time this one stands out most: p allows for "
            "the choice, the AUC does not"
        )
    row = {
        "sessions": inside.size,
        "sessions_others": outside.size,
        "energy_distance": finite(energy),
        "p_value": test.p_value,
        "attainable_p": test.attainable_p,
        "auc": judged.auc,
        "ci_low": judged.interval.low,
        "ci_high": judged.interval.high,
        "statement": statement,
    }
    return row, scores
