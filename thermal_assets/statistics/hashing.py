"""Random choices that are the same on every machine and in every run: salted hashes instead of a random state."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import ArrayLike, NDArray


def salt_seed(salt: str) -> int:
    """A 64-bit number from text; the seed of everything that is drawn under that text."""
    return int.from_bytes(hashlib.blake2b(salt.encode(), digest_size=8).digest(), "little")


def generator(salt: str) -> np.random.Generator:
    """A random generator of its own for each salt; the global one is never touched."""
    return np.random.default_rng(salt_seed(salt))


def hashed(keys: ArrayLike, salt: str) -> NDArray[np.uint64]:
    """uint64[n] pseudo-random numbers, one for each int64 key (the finaliser of SplitMix64 over key and salt)."""
    with np.errstate(over="ignore"):
        x = np.asarray(keys, dtype=np.int64).view(np.uint64) ^ np.uint64(salt_seed(salt))
        x = x + np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return x ^ (x >> np.uint64(31))


def hashed_order(keys: ArrayLike, salt: str) -> NDArray[np.int64]:
    """int64[n] positions of ``keys`` in a random order that depends on keys and salt alone.

    The first m of them are a sample of m; adding an image elsewhere does not reshuffle the others.
    """
    values = np.asarray(keys, dtype=np.int64)
    return np.lexsort((values, hashed(values, salt))).astype(np.int64)


def short_id(*parts: object) -> str:
    """16 hex characters that name ``parts``; equal parts, equal name."""
    digest = hashlib.blake2b(digest_size=8)
    for part in parts:
        data = part.tobytes() if isinstance(part, np.ndarray) else str(part).encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "little"))
        digest.update(data)
    return digest.hexdigest()
