"""Data sets made of real feature vectors, with sessions, bursts and ambient drift, and one thing planted in them.

Every image is the L2 vector of a real solar module. Object A is the modules as they are; object B is other modules of
the same kinds with a quarter of their features in another order: distances inside B are those of real images, and B
lies apart from A in many directions, as another object does. A session moves all its images by the same step (the
difference of two real vectors), and one image in five is a near frame of the one before. Nothing else tells one image
from another: mode, palette, size, distance, place and day are drawn session by session, the same way for every class.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import numpy as np
import polars as pl

SOURCES = {
    "A_normal": ("No-Anomaly", "A", "normal"),
    "A_anomaly": ("Cracking", "A", "anomaly"),
    "B_normal": ("No-Anomaly", "B", "normal"),
    "B_anomaly": ("Cell-Multi", "B", "anomaly"),
}
REORDERED = 320  # features of B that stand in another order
OUTSIDE = "Offline-Module"  # a kind of module that no class is made of
DRIFT = 0.25  # length of a session's step over that of the difference of two images
BURST, BURST_STEP = 0.2, 0.05


@dataclass
class FeatureSet:
    """``images`` with every column that a measure reads, ``vectors`` float32 [n, 1280], and what was planted where.

    ``fitted``: the rows that the L3 lens is fitted on; all of them where it is left out.
    """

    images: pl.DataFrame
    vectors: np.ndarray
    new: np.ndarray
    planted: set[str] = field(default_factory=set)
    fitted: np.ndarray | None = None


@dataclass(frozen=True)
class Size:
    """Sessions a class and images a session."""

    sessions: int = 16
    images: int = 15


class Generator:
    """Draws data sets from real vectors [n, 1280] with class names."""

    def __init__(self, vectors: np.ndarray, labels: np.ndarray, names: list[str]) -> None:
        self.vectors = vectors
        of_kind = {name: np.flatnonzero(labels == number) for number, name in enumerate(names)}
        # A and B share a kind of module, but no module.
        self.rows = {
            name: of_kind[kind][pair == "B" :: 2] if kind == "No-Anomaly" else of_kind[kind]
            for name, (kind, pair, _) in SOURCES.items()
        }
        means = {kind: vectors[rows].mean(axis=0).astype(np.float64) for kind, rows in of_kind.items()}
        self.order = np.arange(vectors.shape[1])
        moved = np.random.default_rng(0).permutation(vectors.shape[1])[:REORDERED]
        self.order[np.sort(moved)] = moved
        self.way_out = means[OUTSIDE] - means["No-Anomaly"]
        self.middle = means["No-Anomaly"]

    def clean(self, seed: int, size: Size = Size(), unequal: bool = False) -> FeatureSet:
        """Nothing planted; ``unequal``: eleven times as many images of the normal class of A as of its anomaly."""
        random = np.random.default_rng(seed)
        frames, vectors = [], []
        for class_name, (_, pair, state) in SOURCES.items():
            drawn = iter(random.permutation(self.rows[class_name]).tolist())
            per_class = replace(size, images=size.images * 11) if unequal and class_name == "A_normal" else size
            for number in range(per_class.sessions):
                block = self._session(random, drawn, class_name, per_class.images)
                frames.append(_names(random, class_name, pair, state, number, len(block)))
                vectors.append(block)
        images = pl.concat(frames).with_columns(
            image_key=pl.Series(random.integers(-(2**62), 2**62, sum(map(len, vectors)))),
            image_id=pl.format("{}/{}.png", "class_name", pl.int_range(pl.len())),
        )
        images = images.with_columns(content_hash="image_id", frame_id="image_id")
        stacked = np.concatenate(vectors)
        return FeatureSet(images, stacked, np.zeros(len(stacked), dtype=bool))

    def _session(self, random: np.random.Generator, drawn: Iterator[int], name: str, images: int) -> np.ndarray:
        block = self._seen(np.array([next(drawn) for _ in range(images)]), name)
        block += DRIFT * self._difference(random, name)
        for row in range(1, images):
            if random.random() < BURST:
                block[row] = block[row - 1] + BURST_STEP * self._difference(random, name)
        return unit(block)

    def _seen(self, rows: np.ndarray, name: str) -> np.ndarray:
        """float64 [r, 1280]: modules ``rows`` as images of class ``name``."""
        found = self.vectors[rows].astype(np.float64)
        return found[:, self.order] if name.startswith("B") else found

    def _some(self, random: np.random.Generator, name: str, count: int) -> np.ndarray:
        return self._seen(random.choice(self.rows[name], count, replace=False), name)

    def _difference(self, random: np.random.Generator, name: str) -> np.ndarray:
        one, other = self._some(random, name, 2)
        return np.asarray(one - other)

    # Each plant changes a clean set; strength 0 changes nothing, 1 is as much as there can be.

    def foreign_batch(self, seed: int, strength: float, names_too: bool = True) -> FeatureSet:
        """A share of one session of A shows B; ``names_too``: those that do carry its code as well."""
        found = self.clean(seed)
        random = np.random.default_rng([seed, 1])
        rows = np.flatnonzero((found.images["session_id"] == "A_normal|03").to_numpy())
        moved = random.permutation(rows)[: round(strength * rows.size)]
        session = found.vectors[rows].mean(axis=0) - self.middle
        found.vectors[moved] = unit(self._some(random, "B_normal", moved.size) + session)
        if names_too:
            codes = found.images["object_code"].to_numpy().copy()
            codes[moved] = "B"
            found.images = found.images.with_columns(object_code=pl.Series(codes))
        found.planted = set(found.images["image_id"].gather(moved).to_list())
        return found

    def shifted(self, seed: int, strength: float, where: str) -> FeatureSet:
        """Half the sessions of A_normal moved towards another kind of module, under one 'distance', 'place' or 'month',
        or as images that 'arrived' last."""
        found = self.clean(seed)
        images = found.images
        sessions = images["session_id"].to_numpy()
        of_class = np.array([s.startswith("A_normal") for s in sessions])
        late = of_class & np.array([int(s.split("|")[1]) % 2 == 1 for s in sessions])
        found.vectors[late] = unit(found.vectors[late].astype(np.float64) + 2 * strength * self.way_out)
        if where == "distance":
            values = np.where(late, 2.0, np.where(of_class, 1.0, images["distance_m"].to_numpy()))
            images = images.with_columns(distance_m=pl.Series(values))
        elif where == "place":
            places = np.where(late, "P2", np.where(of_class, "P1", images["site_code"].to_numpy()))
            images = images.with_columns(site_code=pl.Series(places))
        elif where == "month":
            days = [date(2020, 12, 9) if flag else day for flag, day in zip(late, images["captured_on"], strict=True)]
            early = of_class & ~late
            days = [date(2020, 11, 9) if flag else day for flag, day in zip(early, days, strict=True)]
            images = images.with_columns(captured_on=pl.Series(days, dtype=pl.Date))
        else:
            found.new = late
        found.images = images
        return found

    def flipped(self, seed: int, strength: float) -> FeatureSet:
        """Up to a fifth of A_normal are images of B_normal with the wrong label, spread over all sessions."""
        found = self.clean(seed)
        random = np.random.default_rng([seed, 2])
        rows = np.flatnonzero((found.images["class_name"] == "A_normal").to_numpy())
        wrong = random.permutation(rows)[: round(0.2 * strength * rows.size)]
        found.vectors[wrong] = unit(self._some(random, "B_normal", wrong.size))
        found.planted = set(found.images["image_id"].gather(wrong).to_list())
        return found

    def mixed(self, seed: int, strength: float) -> FeatureSet:
        """A share of A_anomaly are images of A_normal: at 1 the two classes are one."""
        found = self.clean(seed)
        random = np.random.default_rng([seed, 3])
        rows = np.flatnonzero((found.images["class_name"] == "A_anomaly").to_numpy())
        moved = random.permutation(rows)[: round(strength * rows.size)]
        found.vectors[moved] = unit(self._some(random, "A_normal", moved.size))
        return found

    def given_away(self, seed: int, strength: float, column: str = "palette") -> FeatureSet:
        """Sessions of A_anomaly take one value with a chance of 0.5 + strength / 2, those of A_normal the other."""
        found = self.clean(seed)
        random = np.random.default_rng([seed, 4])
        images = found.images
        values: dict[str, tuple[object, object]] = {"palette": ("iron", "rainbow"), "distance_m": (0.5, 1.0)}
        chosen = {}
        for session in images["session_id"].unique().sort().to_list():
            own, other = values[column][:: 1 if "anomaly" in session else -1]
            chosen[session] = own if random.random() < 0.5 + strength / 2 else other
        found.images = images.with_columns(
            pl.when(pl.col("pair") == "A")
            .then(pl.col("session_id").replace_strict(chosen, return_dtype=images[column].dtype))
            .otherwise(column)
            .alias(column)
        )
        return found


def _names(
    random: np.random.Generator, class_name: str, pair: str, state: str, number: int, images: int
) -> pl.DataFrame:
    session = f"{class_name}|{number:02d}"
    distance = float(random.choice([0.5, 1.0, 2.0]))
    size = random.integers(120, 200, (images, 2))
    return pl.DataFrame(
        {
            "class_name": [class_name] * images,
            "state": state,
            "pair": pair,
            "object_code": pair,
            "session_id": session,
            "batch_id": f"{session}|{distance}",
            "distance_m": distance,
            "captured_on": date(2020, 10, 1) + timedelta(days=int(random.integers(0, 90))),
            "site_code": str(random.choice(["P1", "P2", "P3"])),
            "channels": str(random.choice(["RGB", "RGBA"])),
            "palette": str(random.choice(["iron", "rainbow"])),
            "brightness": random.normal(0.4, 0.05, images) + random.normal(0, 0.05),
            "width": size[:, 0],
            "height": size[:, 1],
        }
    ).with_columns(day="captured_on")


def unit(vectors: np.ndarray) -> np.ndarray:
    """float32, every row of length 1."""
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
