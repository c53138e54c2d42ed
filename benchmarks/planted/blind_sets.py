"""A second generator of data sets. The rules of label_conflicts, shortcuts and domain_drift know its results; all others
know only those of the first one (feature_sets.py).

What differs from feature_sets.py: two real sources (solar modules of other kinds, crops seen from the air), three
objects of which one has no anomalous class, sessions of 10 to 30 images shot at one or two distances, 8 to 16 sessions
a class, sessions of object P that show both states, crops that are smaller from further away, an ambient drift of its
own shape (a random step along the main directions of the object's pictures, and a slow one within the session), and
bursts of two to four near frames. Foreign pictures are other real pictures; pictures that look otherwise are blends
with real pictures of another kind.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl

from benchmarks.planted.feature_sets import FeatureSet, unit
from benchmarks.planted.real_kinds import Source, as_set, by_kind, leaking, named, own_kinds, part_of_a_batch


@dataclass(frozen=True)
class Class:
    """Object, state, kind of real picture, and in how many of its object's sessions it was shot."""

    pair: str
    state: str
    kind: str
    sessions: int


CLASSES = {
    "P_normal": Class("P", "normal", "Diode", 16),
    "P_anomaly": Class("P", "anomaly", "Cracking", 12),
    "U_normal": Class("U", "normal", "Person", 14),
    "U_anomaly": Class("U", "anomaly", "Bicycle", 10),
    "K_normal": Class("K", "normal", "Car", 8),
}
KIND_OF = {name: one.kind for name, one in CLASSES.items()}
OTHER = "OtherVehicle"  # what a picture is blended with to look otherwise
FLIPPED = 0.08  # share of a class with a wrong label at strength 1
# Share of another picture in a picture at strength 1: a logistic regression, held out by session, tells such pictures
# from the others of the class with an AUC of about 0.98.
BLEND = {"P": 0.25, "U": 0.5}
DRIFT, WARMING, DIRECTIONS = 0.3, 0.1, 30  # in standard deviations of the object's pictures
BURST, BURST_STEP = 0.15, 0.08
FIRST_DAY, MONTHS = date(2021, 3, 1), 4
SCALE = {0.5: 1.6, 1.0: 1.0, 2.0: 0.6}  # size of a crop by distance in metres
LEAKS = ("channels", "palette", "brightness", "size")


class BlindGenerator:
    """Draws data sets from the vectors [n, 1280] of two sources, each with labels [n] and class names."""

    def __init__(self, *sources: Source) -> None:
        self.kinds = by_kind(*sources)
        self.directions = {}
        for pair in sorted({one.pair for one in CLASSES.values()}):
            shown = np.concatenate([self.kinds[one.kind][:500] for one in CLASSES.values() if one.pair == pair])
            _, spread, axes = np.linalg.svd(shown - shown.mean(axis=0), full_matrices=False)
            self.directions[pair] = (spread[:DIRECTIONS, None] / np.sqrt(len(shown))) * axes[:DIRECTIONS]

    def clean(self, seed: int, *, unequal: bool = False, burst: float = BURST) -> FeatureSet:
        """Nothing planted; ``unequal``: eleven normal images of U for an anomalous one."""
        random = np.random.default_rng((seed, 2))
        sizes = {"U_normal": 50, "U_anomaly": 6} if unequal else {}
        plan = _plan(random, sizes)
        return self._shot(random, plan, own_kinds(plan, KIND_OF), burst)

    def foreign_batch(self, seed: int, share: float, names_too: bool = True) -> FeatureSet:
        """``share`` of a session of U_normal of at least 20 images shows K, and with ``names_too`` says so in its names."""
        random = np.random.default_rng((seed, 3))
        plan = _plan(random, {})
        rows = part_of_a_batch(random, plan, "U_normal", "session_id", share)
        kinds = own_kinds(plan, KIND_OF)
        kinds[rows] = CLASSES["K_normal"].kind
        if names_too:
            plan = named(plan, rows, "K")
        return self._shot(random, plan, kinds, planted=rows)

    def flipped(self, seed: int, strength: float) -> FeatureSet:
        """Eight per cent of P_normal, all over its sessions: half are anomalous P, half are U."""
        random = np.random.default_rng((seed, 4))
        plan = _plan(random, {})
        rows = np.flatnonzero((plan["class_name"] == "P_normal").to_numpy())
        rows = random.permutation(rows)[: round(strength * FLIPPED * len(rows))]
        kinds = own_kinds(plan, KIND_OF)
        kinds[rows[::2]] = CLASSES["P_anomaly"].kind
        kinds[rows[1::2]] = CLASSES["U_normal"].kind
        return self._shot(random, plan, kinds, planted=rows)

    def faint(self, seed: int, strength: float) -> FeatureSet:
        """Anomalous pictures of U blended with normal ones; at 1 they are normal ones."""
        random = np.random.default_rng((seed, 5))
        plan = _plan(random, {})
        rows = np.flatnonzero((plan["class_name"] == "U_anomaly").to_numpy())
        return self._blended(random, plan, rows, CLASSES["U_normal"].kind, np.full(len(rows), strength))

    def given_away(self, seed: int, strength: float) -> FeatureSet:
        """One of mode, palette, brightness and crop size goes with the state of U, in ``strength`` of the sessions.

        Brightness and size move by three of their standard deviations, mode and palette take the other value.
        """
        random = np.random.default_rng((seed, 6))
        plan = _plan(random, {})
        leak = LEAKS[seed % len(LEAKS)]
        sessions = plan.filter(pl.col("pair") == "U")["session_id"].unique(maintain_order=True)
        following = pl.col("session_id").is_in(sessions.filter(pl.Series(random.random(len(sessions)) < strength)))
        values = {"channels": ("RGB", "RGBA"), "palette": ("iron", "rainbow")}
        plan = leaking(plan, leak, following, 0.2, 3.0, values)
        return self._shot(random, plan, own_kinds(plan, KIND_OF))

    def further_away(self, seed: int) -> FeatureSet:
        """Anomalous U is shot at 2 m, normal U at 0.5 m; the pictures are what they were."""
        random = np.random.default_rng((seed, 7))
        plan = _plan(random, {})
        away = pl.when(pl.col("state") == "anomaly").then(2.0).otherwise(0.5)
        plan = plan.with_columns(distance_m=pl.when(pl.col("pair") == "U").then(away).otherwise("distance_m"))
        plan = plan.with_columns(batch_id=pl.format("{}|{}", "session_id", "distance_m"))
        return self._shot(random, plan, own_kinds(plan, KIND_OF))

    def at_distance(self, seed: int, strength: float) -> FeatureSet:
        """P_normal looks otherwise from 2 m."""
        return self._otherwise(seed, strength, "P", pl.col("distance_m") == 2.0)

    def at_place(self, seed: int, strength: float) -> FeatureSet:
        """U_normal looks otherwise at one of three places."""
        return self._otherwise(seed, strength, "U", pl.col("site_code") == "S2")

    def ageing(self, seed: int, strength: float) -> FeatureSet:
        """P_normal changes slowly from the third month on; at the end of the fourth it looks otherwise throughout."""
        random = np.random.default_rng((seed, 8))
        plan = _plan(random, {})
        day = (plan["captured_on"] - FIRST_DAY).dt.total_days().to_numpy()
        rows = np.flatnonzero((plan["class_name"] == "P_normal").to_numpy() & (day > 60))
        return self._blended(random, plan, rows, OTHER, strength * 1.2 * BLEND["P"] * (day[rows] - 60) / 60)

    def delivery(self, seed: int, strength: float) -> FeatureSet:
        """The last four sessions of P_normal are new, and look otherwise."""
        random = np.random.default_rng((seed, 9))
        plan = _plan(random, {})
        mine = plan.filter(pl.col("class_name") == "P_normal").unique("session_id", maintain_order=True)
        last = mine.sort("captured_on", maintain_order=True)["session_id"].tail(4)
        new = ((plan["class_name"] == "P_normal") & plan["session_id"].is_in(last.to_list())).to_numpy()
        rows = np.flatnonzero(new)
        data = self._blended(random, plan, rows, OTHER, np.full(len(rows), strength * BLEND["P"]))
        return FeatureSet(data.images, data.vectors, new, data.planted)

    def _otherwise(self, seed: int, strength: float, pair: str, where: pl.Expr) -> FeatureSet:
        random = np.random.default_rng((seed, 10))
        plan = _plan(random, {})
        rows = np.flatnonzero(plan.select(where & (pl.col("class_name") == f"{pair}_normal")).to_series().to_numpy())
        return self._blended(random, plan, rows, OTHER, np.full(len(rows), strength * BLEND[pair]))

    def _blended(
        self, random: np.random.Generator, plan: pl.DataFrame, rows: np.ndarray, kind: str, share: np.ndarray
    ) -> FeatureSet:
        data = self._shot(random, plan, own_kinds(plan, KIND_OF), planted=rows)
        others = self.kinds[kind][random.integers(0, len(self.kinds[kind]), len(rows))]
        vectors = data.vectors.copy()
        vectors[rows] = unit((1 - share[:, None]) * vectors[rows] + share[:, None] * others)
        return FeatureSet(data.images, vectors, data.new, data.planted)

    def _shot(
        self,
        random: np.random.Generator,
        plan: pl.DataFrame,
        kinds: np.ndarray,
        burst: float = BURST,
        planted: np.ndarray | None = None,
    ) -> FeatureSet:
        """Real pictures of ``kinds`` [n], none twice but for the near frames, moved by what their session does."""
        vectors = np.zeros((plan.height, next(iter(self.kinds.values())).shape[1]))
        for kind in np.unique(kinds):
            rows = np.flatnonzero(kinds == kind)
            vectors[rows] = self.kinds[kind][random.permutation(len(self.kinds[kind]))[: len(rows)]]
        groups = (plan["class_name"] + plan["session_id"]).to_numpy()
        left = 0
        for row in range(1, plan.height):
            left = left - 1 if left else int(random.integers(1, 4)) * int(random.random() < burst)
            if left and kinds[row] == kinds[row - 1] and groups[row] == groups[row - 1]:
                vectors[row] = (1 - BURST_STEP) * vectors[row - 1] + BURST_STEP * vectors[row]
        sessions = plan["session_id"].to_numpy()
        for session in dict.fromkeys(sessions.tolist()):
            rows = np.flatnonzero(sessions == session)
            axes = self.directions[session[0]]
            step, slow = random.normal(0, DRIFT, len(axes)) @ axes, random.normal(0, WARMING, len(axes)) @ axes
            vectors[rows] += step + np.linspace(-1, 1, len(rows))[:, None] * slow
        return as_set(random, plan, vectors, planted)


def _plan(random: np.random.Generator, sizes: dict[str, int]) -> pl.DataFrame:
    """Rows of all images in the order they were shot in; ``sizes``: images a session where they are to be fixed."""
    frames = []
    for class_name, one in CLASSES.items():
        # Both states of P are shot on the same visits; U is visited for one state at a time.
        shared = one.pair == "P"
        if not shared or one.state == "normal":
            visits = _visits(random, one.pair if shared else f"{one.pair}-{one.state}", one.sessions)
        for visit in visits.head(one.sessions).iter_rows(named=True):
            images = sizes.get(class_name) or int(random.integers(10, 31))
            distances = random.choice(list(SCALE), int(random.integers(1, 3)), replace=False)
            distance = np.sort(distances[np.arange(images) % len(distances)])
            scale = np.array([SCALE[d] for d in distance]) * random.lognormal(0, 0.15, images)
            frames.append(
                pl.DataFrame({"class_name": [class_name] * images, "distance_m": distance}).with_columns(
                    *(pl.lit(value).alias(name) for name, value in visit.items() if name != "brightness"),
                    state=pl.lit(one.state),
                    pair=pl.lit(one.pair),
                    object_code=pl.lit(one.pair),
                    brightness=pl.Series(visit["brightness"] + random.normal(0, 0.05, images)),
                    width=pl.Series((90 * scale).astype(np.int64)),
                    height=pl.Series((120 * scale * random.lognormal(0, 0.1, images)).astype(np.int64)),
                )
            )
    return pl.concat(frames).with_columns(day="captured_on", batch_id=pl.format("{}|{}", "session_id", "distance_m"))


def _visits(random: np.random.Generator, name: str, count: int) -> pl.DataFrame:
    """Visits spread evenly over months and places; camera settings fall as they fall."""
    months = random.permutation(np.arange(count) % MONTHS)
    places = random.permutation(np.arange(count) % 3)
    return pl.DataFrame(
        {
            "session_id": [f"{name}|{number:02d}" for number in range(count)],
            "captured_on": [FIRST_DAY + timedelta(days=int(30 * m + random.integers(0, 30))) for m in months],
            "site_code": [f"S{place + 1}" for place in places],
            "channels": random.choice(["RGB", "RGBA"], count),
            "palette": random.choice(["iron", "rainbow"], count),
            "brightness": 0.45 + random.normal(0, 0.04, count),
        }
    )
