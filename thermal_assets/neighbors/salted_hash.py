"""A number for each image that its key, a salt and a draw decide: reference samples are drawn by it.

A new image displaces at most one other from a sample, and the same images give the same sample on every machine.
"""

from __future__ import annotations

import numpy as np

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def salted_hash(keys: np.ndarray, salt: int, draw: int = 0) -> np.ndarray:
    """uint64 [n]: SplitMix64 of each of ``keys`` int64 [n], started from the salt and the draw.

    Source: G. Steele, D. Lea and C. Flood, Fast splittable pseudorandom number generators, OOPSLA 2014.
    """
    start = _mixed(np.array([salt & (2**64 - 1)], dtype=np.uint64))
    start = _mixed(start ^ np.array([draw], dtype=np.uint64))
    return _mixed(np.asarray(keys, dtype=np.int64).view(np.uint64) ^ start)


def _mixed(values: np.ndarray) -> np.ndarray:
    """One output of SplitMix64 for each state; arithmetic modulo 2^64."""
    values = values + _GOLDEN
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
