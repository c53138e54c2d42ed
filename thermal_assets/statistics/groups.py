"""Which images do not count as evidence for each other: those of one session, or copies of one picture."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray


def codes(column: pl.Series) -> NDArray[np.int64]:
    """int64[n]: equal values, equal numbers (in order of the sorted values); NULL is -1."""
    values = column.cast(pl.String)
    known = values.drop_nulls().unique().sort()
    lookup = pl.DataFrame({"value": known, "code": np.arange(known.len(), dtype=np.int64)})
    joined = pl.DataFrame({"value": values}).join(lookup, on="value", how="left", maintain_order="left")
    return joined["code"].fill_null(-1).to_numpy().astype(np.int64)


def exclusion_groups(images: pl.DataFrame, copies: NDArray[np.int64] | None = None) -> NDArray[np.int64]:
    """int64[n]: images with the same number never serve as references or neighbours of each other.

    The session where the name has one. Without a session: ``copies``, int64[n] numbers of near-copy groups (-1 for
    an image without copies), and every other image is a group of its own, so that it only excludes itself.
    """
    sessions = codes(images["session_id"])
    groups = sessions.copy()
    alone = sessions < 0
    if copies is not None:
        in_group = alone & (copies >= 0)
        groups[in_group] = copies[in_group] + groups.max(initial=-1) + 1
        alone &= copies < 0
    groups[alone] = np.arange(int(alone.sum())) + groups.max(initial=-1) + 1
    return groups
