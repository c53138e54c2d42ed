"""Neighbours across sessions: only images of other sessions count, and of each camera frame only the nearest.

Crops of one recording session resemble each other because they show the same scene minutes apart, so twelve
near-frames of one odd object look like a crowd. Neighbours of other sessions do not have that company.
Where an image carries no session, its near copies are left out instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from thermal_assets.neighbors.collected import CollectedLists
from thermal_assets.neighbors.distances import to_score
from thermal_assets.neighbors.exact import DEFAULT_MEMORY_MB, Neighbors, members, picks_for
from thermal_assets.neighbors.grouped_lists import PICKS_PER_FRAME, Across, GroupedLists
from thermal_assets.neighbors.incremental import Previous, run_update
from thermal_assets.neighbors.joined_search import run_joined_search
from thermal_assets.neighbors.list_files import ListFiles
from thermal_assets.neighbors.operands import Precision
from thermal_assets.neighbors.search import Rule, SearchOptions
from thermal_assets.neighbors.selection import unique_where_missing
from thermal_assets.neighbors.space import Metric, Progress, Space

OTHER_SESSIONS = "other sessions"
NEAR_COPIES_REMOVED = "near copies removed"
TOO_FEW_SESSIONS = "fewer than three sessions"
MINIMUM_SESSIONS = 3
NEAR_COPY_DISTANCE = 0.05


@dataclass(frozen=True)
class Neighborhood:
    """Plain neighbours and neighbours across sessions of the same n images.

    plain     the k_plain nearest, see Neighbors
    across    the k_across nearest that count; rows whose basis is 'fewer than three sessions' have none (-1)
    basis     object [n]: 'other sessions', 'near copies removed' or 'fewer than three sessions'
    sessions  distinct sessions among the images
    """

    plain: Neighbors
    across: Neighbors
    basis: np.ndarray
    sessions: int


def neighborhood(
    vectors: np.ndarray,
    *,
    session: np.ndarray | None = None,
    frame: np.ndarray | None = None,
    k_plain: int = 100,
    k_across: int = 10,
    near_copy_distance: float = NEAR_COPY_DISTANCE,
    kept: int | None = None,
    mean_of: Sequence[int] = (),
    files: ListFiles | None = None,
    previous: Previous | None = None,
    metric: Metric = "euclidean",
    progress: Progress | None = None,
    memory_mb: float = DEFAULT_MEMORY_MB,
    precision: Precision | None = None,
) -> Neighborhood:
    """Both kinds of neighbours of every vector from one product.

    vectors   float32 [n, d], as for ``nearest``
    session   int [n], any codes, negative = none. A candidate counts if it has a session and it is another one
    frame     int [n], codes over all sessions, negative = none (each such image is a frame of its own)
    near_copy_distance  for images without a session: candidates nearer than this to the query do not count.
              0.05 suits unit vectors (L2); a level of another scale needs a value of its own
    kept      how many plain neighbours are returned (None = k_plain); the search is for k_plain all the same
    mean_of   numbers of plain neighbours whose mean distances are returned as ``plain.means``
    files     takes the exact beginnings of all lists (widths: ``list_widths``), for an update later on
    previous  lists of an earlier search of nearly the same vectors in the same order, under the same sessions and
              frames: only what differs is computed, and the result is the same

    With fewer than three sessions in all, images with a session get no neighbours across sessions: two
    sessions are two recordings, not a crowd. Exact, like ``nearest``.
    """
    space = Space(vectors, metric)
    n = space.count
    sessions, basis, rules = across_rules(n, session, frame, to_score(near_copy_distance, space))
    count = int(sessions.max(initial=-1)) + 1
    k_plain, k_across = max(0, min(k_plain, n - 1)), max(0, min(k_across, n - 1))
    kept = k_plain if kept is None else min(kept, k_plain)
    lists, lists_across = CollectedLists(n, kept, mean_of, space), CollectedLists(n, k_across, (), space)
    grouped = GroupedLists(n - 1, rules, k_plain, k_across, lists, lists_across, files)
    asked_sessions = sessions if count >= MINIMUM_SESSIONS else None
    options: SearchOptions = {"precision": precision, "memory_mb": memory_mb / 2, "progress": progress}
    used: Precision = "float32"
    picks = picks_for(k_plain)
    if n > 1 and previous is not None and previous.usable:
        used = run_update(space, grouped, previous, session=asked_sessions, row_picks=picks, **options)
    elif n > 1:
        used = run_joined_search(
            space,
            np.arange(n),
            grouped.emit,
            grouped.work,
            k=k_plain,
            k_across=PICKS_PER_FRAME * k_across,
            session=asked_sessions,
            row_picks=picks,
            **options,
        )
    others = np.full(n, max(n - 1, 0), dtype=np.int64)
    counted = np.where(
        basis == OTHER_SESSIONS, (sessions >= 0).sum() - members(sessions, sessions), np.where(sessions < 0, others, 0)
    )
    return Neighborhood(lists.neighbors(others, used), lists_across.neighbors(counted, used), basis, count)


def across_rules(
    n: int, session: np.ndarray | None, frame: np.ndarray | None, near_copy_score: float
) -> tuple[np.ndarray, np.ndarray, Across]:
    """Sessions int64 [n] as 0..m-1 (-1 = none), the basis object [n], and which rule counts for which rows."""
    sessions = _compact(session, n)
    enough = int(sessions.max(initial=-1)) + 1 >= MINIMUM_SESSIONS
    basis = np.full(n, OTHER_SESSIONS if enough else TOO_FEW_SESSIONS, dtype=object)
    basis[sessions < 0] = NEAR_COPIES_REMOVED
    key = unique_where_missing(_compact(frame, n)) if frame is not None else None
    rules = (
        (basis == OTHER_SESSIONS, Rule(sessions, sessions, need_group=True, key=key)),
        (basis == NEAR_COPIES_REMOVED, Rule(key=key, minimum=near_copy_score)),
    )
    return sessions, basis, rules


def list_widths(k_plain: int, k_across: int) -> tuple[int, int]:
    """Entries a row of the plain lists and of those across: what is asked for, and some to lose."""
    return k_plain + max(12, k_plain // 8), PICKS_PER_FRAME * k_across + 6


def nearest_across_groups(
    vectors: np.ndarray, k: int, session: np.ndarray, frame: np.ndarray, **options: object
) -> Neighborhood:
    """The k nearest of other sessions, one image a frame: ``neighborhood`` where the plain list is a by-product."""
    return neighborhood(vectors, session=session, frame=frame, k_plain=k, k_across=k, **options)  # type: ignore[arg-type]


def _compact(codes: np.ndarray | None, count: int) -> np.ndarray:
    """Codes as 0..m-1, negative ones and None as -1; int64 [count]."""
    if codes is None:
        return np.full(count, -1, dtype=np.int64)
    codes = np.asarray(codes, dtype=np.int64).reshape(-1)
    if len(codes) != count:
        raise ValueError(f"{len(codes)} group codes for {count} vectors")
    compact = np.full(count, -1, dtype=np.int64)
    known = codes >= 0
    compact[known] = np.unique(codes[known], return_inverse=True)[1]
    return compact
