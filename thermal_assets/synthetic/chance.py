"""Chance that does not depend on order: a value is a function of a key and of its own name."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

Choice = TypeVar("Choice")

_SCALE = 2.0**-64


class Chance:
    """A source of random values for one thing, such as one machine, one frame or one picture.

    ``key`` names the thing. The same key and name give the same value, whatever was asked before, so pictures may
    be drawn in any order, by any number of processes, and a new question leaves the old answers as they were.
    """

    def __init__(self, *key: int | str) -> None:
        self._key = hashlib.blake2b("/".join(map(str, key)).encode(), digest_size=32).digest()

    def uniform(self, name: str, low: float = 0.0, high: float = 1.0) -> float:
        """A number in [low, high)."""
        return low + (high - low) * int.from_bytes(self._digest(name, 8), "big") * _SCALE

    def around(self, name: str, spread: float) -> float:
        """A number in [-spread, spread)."""
        return self.uniform(name, -spread, spread)

    def integer(self, name: str, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return min(high, int(self.uniform(name, low, high + 1)))

    def happens(self, name: str, probability: float) -> bool:
        """True with the given probability."""
        return self.uniform(name) < probability

    def choice(self, name: str, options: Sequence[Choice], weights: Sequence[float] | None = None) -> Choice:
        """One of ``options``, by ``weights`` if given."""
        bounds = np.cumsum(weights if weights is not None else np.ones(len(options)))
        return options[min(len(options) - 1, int(np.searchsorted(bounds, self.uniform(name) * bounds[-1], "right")))]

    def generator(self, name: str) -> np.random.Generator:
        """A generator for whole arrays of random numbers."""
        return np.random.default_rng(int.from_bytes(self._digest(name, 16), "big"))

    def _digest(self, name: str, size: int) -> bytes:
        return hashlib.blake2b(name.encode(), key=self._key, digest_size=size).digest()
