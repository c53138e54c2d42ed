"""Whether one class holds two kinds of picture, by distance: can the distances be told apart in held-out sessions?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from thermal_assets.statistics.frames import table_frame
from thermal_assets.statistics.groups import codes
from thermal_assets.statistics.held_out_classifier import LEAST_SESSIONS, held_out_classifier
from thermal_assets.statistics.stratified_draw import draw_per_stratum

MAX_DISTANCES = 8
MAX_PER_DISTANCE = 2000
MIN_IMAGES = 20
SALT = "distance_groups"


def distance_groups(
    images: pl.DataFrame,
    vectors_of: Callable[[NDArray[np.int64]], NDArray[np.float32]],
    *,
    level: str,
    lens_id: str,
    max_per_distance: int = MAX_PER_DISTANCE,
    salt: str = SALT,
    progress: Callable[[int, int], None] | None = None,
) -> pl.DataFrame:
    """Rows of table ``distance_groups``: one a class and cut between two neighbouring distances; none where names have
    none.

    ``vectors_of`` gives float32[r, d] of rows int64[r], in the reading made for comparing. The same number of images
    of both sides (at most ``max_per_distance``, by salted hash) goes to a classifier held out by session; more
    than eight distances are put together by doubling (0.5 to below 1 m, 1 to below 2 m, ...). A side is the distance
    next to the cut, and where that has fewer than 20 images or two sessions, further ones behind it until it has.
    Identifiable are two sides that come to so many: with one session, distance and session are one and the same thing.
    """
    classes = images["class_name"].to_numpy()
    distances = images["distance_m"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    sessions = codes(images["session_id"])
    keys = images["image_key"].to_numpy().astype(np.int64)
    names = sorted(images["class_name"].unique().to_list())
    rows: list[dict[str, Any]] = []
    for number, name in enumerate(names):
        if progress is not None:
            progress(number, len(names))
        members = np.flatnonzero((classes == name) & np.isfinite(distances) & (distances > 0))
        steps = distance_steps(distances[members])
        parts = [members[(distances[members] >= low) & (distances[members] <= high)] for low, high in steps]
        for place in range(len(steps) - 1):
            first, nearer = _grown(parts[place::-1], sessions)
            last, farther = _grown(parts[place + 1 :], sessions)
            rows.append(
                _compare((nearer, farther), vectors_of, sessions, keys, max_per_distance, f"{salt}|{name}|{place}")
                | {
                    "class_name": name,
                    "level": level,
                    "nearer_from_m": steps[place - first][0],
                    "nearer_to_m": steps[place][1],
                    "farther_from_m": steps[place + 1][0],
                    "farther_to_m": steps[place + 1 + last][1],
                    "lens_id": lens_id,
                }
            )
    return table_frame("distance_groups", rows)


def distance_steps(distances: NDArray[np.float64]) -> list[tuple[float, float]]:
    """(smallest, largest) distance of each group, ascending: single values, or doublings where they are many."""
    levels = np.unique(distances)
    if levels.size <= MAX_DISTANCES:
        return [(float(level), float(level)) for level in levels]
    doubling = np.floor(np.log2(levels)).astype(np.int64)
    return [
        (float(levels[doubling == step].min()), float(levels[doubling == step].max())) for step in np.unique(doubling)
    ]


def _grown(parts: Sequence[NDArray[np.int64]], sessions: NDArray[np.int64]) -> tuple[int, NDArray[np.int64]]:
    """Images of the first part, and of as many after it (how many) as it takes to judge by; alone if all are too few."""
    side = parts[0]
    for more, part in enumerate(parts):
        side = side if more == 0 else np.sort(np.concatenate([side, part]))
        named = sessions[side][sessions[side] >= 0]
        if named.size >= MIN_IMAGES and np.unique(named).size >= LEAST_SESSIONS:
            return more, side
    return 0, parts[0]


def _compare(
    pair: tuple[NDArray[np.int64], NDArray[np.int64]],
    vectors_of: Callable[[NDArray[np.int64]], NDArray[np.float32]],
    sessions: NDArray[np.int64],
    keys: NDArray[np.int64],
    most: int,
    salt: str,
) -> dict[str, Any]:
    named = [side[sessions[side] >= 0] for side in pair]
    counts = [np.unique(sessions[side]).size for side in named]
    size = min(most, *(side.size for side in named))
    row: dict[str, Any] = {
        "n": size,
        "images_nearer": pair[0].size,
        "images_farther": pair[1].size,
        "sessions_nearer": counts[0],
        "sessions_farther": counts[1],
        "sessions_both": np.intersect1d(sessions[named[0]], sessions[named[1]]).size,
        "identifiable": min(counts) >= LEAST_SESSIONS and size >= MIN_IMAGES,
        "auc": None,
        "ci_low": None,
        "ci_high": None,
        "interval_note": "Not measured",
        "method": "sample" if size < min(side.size for side in pair) else "exact",
    }
    if not row["identifiable"]:
        if min(counts) >= LEAST_SESSIONS:
            few = f"a side has fewer than {MIN_IMAGES} images with a session"
            return row | {"statement": f"Not identifiable: {few}, too few to judge by"}
        why = "the names carry no session" if max(counts) == 0 else "a side has fewer than two sessions"
        return row | {"statement": f"Not identifiable: {why}, so distance and session cannot be told apart"}
    drawn = [side[draw_per_stratum(keys[side], np.zeros(side.size, dtype=np.int64), size, salt)] for side in named]
    rows = np.concatenate(drawn)
    farther = np.arange(rows.size) >= drawn[0].size
    found = held_out_classifier(vectors_of(rows), farther, sessions[rows], keys[rows], salt=salt)
    row |= {"auc": found.auc, "ci_low": found.interval.low, "ci_high": found.interval.high}
    row["interval_note"] = found.interval.note
    if found.auc is None:
        return row | {"statement": "Not measured: no fold holds sessions of both sides"}
    shared = f", {row['sessions_both']} of them at both" if row["sessions_both"] else ""
    return row | {
        "statement": f"{size:,} images each: a classifier that has not seen the sessions tells the two sides apart "
        f"with an AUC of {found.auc:.2f} ({counts[0]} and {counts[1]} sessions{shared})"
    }
