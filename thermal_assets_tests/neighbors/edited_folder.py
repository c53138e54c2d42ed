"""Images that come and go, searched from nothing and from the lists of the last time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypedDict

import numpy as np

from thermal_assets.neighbors.grouped import Neighborhood, list_widths, neighborhood
from thermal_assets.neighbors.incremental import Previous
from thermal_assets.neighbors.list_files import ListFiles
from thermal_assets.neighbors.operands import Precision

K, ACROSS = 12, 4


class Asked(TypedDict):
    """What both kinds of search are asked for."""

    session: np.ndarray
    frame: np.ndarray
    k_plain: int
    k_across: int
    near_copy_distance: float
    kept: int
    mean_of: tuple[int, ...]
    files: ListFiles
    precision: Precision
    memory_mb: float
    progress: Callable[[int, int], None]


class EditedFolder:
    """Row numbers of a fixed pool, in rising order: the images that are ``here``."""

    def __init__(self, path: Path, precision: Precision, seed: int) -> None:
        rng = np.random.default_rng(seed)
        pool = 900
        self.path, self.precision, self.rng = path, precision, rng
        self.session = rng.integers(-1, 7, pool)
        scenes = 2 * rng.standard_normal((8, 24))
        self.vectors = (scenes[self.session + 1] + 0.4 * rng.standard_normal((pool, 24))).astype(np.float32)
        self.vectors[rng.integers(0, pool, 90)] = self.vectors[3]  # copies: ties that only the row decides
        self.vectors[rng.integers(0, pool, 60)] = np.round(self.vectors[rng.integers(0, pool, 60)])
        self.frame = np.where(rng.random(pool) < 0.3, -1, rng.integers(0, 300, pool))
        self.here = np.sort(rng.choice(pool, 420, replace=False))
        self.lists: ListFiles | None = None
        self.stored = np.empty(0, dtype=np.int64)

    @classmethod
    def without_ties(cls, path: Path, seed: int) -> EditedFolder:
        """Every image has a session, and no two are alike."""
        folder = cls(path, "float32", seed)
        folder.vectors = folder.rng.standard_normal(folder.vectors.shape).astype(np.float32)
        folder.session = folder.rng.integers(0, 7, len(folder.vectors))
        return folder

    def edit(self, added: int, removed: int) -> None:
        """So many come and go, drawn at random."""
        gone = self.rng.choice(self.here, removed, replace=False)
        others = np.setdiff1d(np.arange(len(self.vectors)), self.here)
        new = self.rng.choice(others, added, replace=False)
        self.here = np.union1d(np.setdiff1d(self.here, gone), new)

    def search(self, update: bool) -> Neighborhood:
        """Neighbours of the images that are here; ``update``: from the lists of the last time, and kept."""
        files = ListFiles.begin(self.path / "lists", len(self.here), *list_widths(K, ACROSS))
        previous = None
        if update and self.lists is not None:
            at = np.searchsorted(self.stored, self.here)
            at = np.minimum(at, len(self.stored) - 1)
            previous = Previous(self.lists, np.where(self.stored[at] == self.here, at, -1))
            assert previous.usable
        steps: list[tuple[int, int]] = []
        asked: Asked = {
            "session": self.session[self.here],
            "frame": self.frame[self.here],
            "k_plain": K,
            "k_across": ACROSS,
            "near_copy_distance": 0.5,
            "kept": 5,
            "mean_of": (K,),
            "files": files,
            "precision": self.precision,
            "memory_mb": 0.05,
            "progress": lambda *step: steps.append(step),
        }
        found = self.measured(previous, asked)
        assert all(done <= of == len(self.here) for done, of in steps)
        assert not steps or steps[-1] == (len(self.here), len(self.here))
        if update:
            files.finish(self.path / "lists", "1")
            self.lists, self.stored = files, self.here
        else:
            files.drop()
        return found

    def measured(self, previous: Previous | None, asked: Asked) -> Neighborhood:
        """The search itself."""
        return neighborhood(self.vectors[self.here], previous=previous, **asked)


def assert_equal(found: Neighborhood, expected: Neighborhood) -> None:
    """Every number of both is the same."""
    for one, other in ((found.plain, expected.plain), (found.across, expected.across)):
        np.testing.assert_array_equal(one.indices, other.indices)
        np.testing.assert_array_equal(one.distances, other.distances)
        np.testing.assert_array_equal(one.candidates, other.candidates)
    np.testing.assert_array_equal(found.plain.means[K], expected.plain.means[K])
    np.testing.assert_array_equal(found.basis, expected.basis)
