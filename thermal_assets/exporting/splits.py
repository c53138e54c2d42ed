"""Whole groups to train, validation and test, every class in the wanted proportion as well as its groups allow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import polars as pl
from numpy.typing import NDArray

from thermal_assets.errors import UserError

NAMES = {2: ("train", "test"), 3: ("train", "validation", "test")}
_WORK = 40_000  # groups looked at in all: one or two seconds; more groups than this are placed once
_PASSES = 10
_KICK = 3  # one group in so many is thrown anywhere before the others settle again
# A class that a part lacks: worse than any disproportion, worst where nothing is left to train on.
_ABSENT = {"train": 4.0, "validation": 1.0, "test": 1.1}


@dataclass(frozen=True)
class Split:
    """``part`` int64 [n] index into ``names`` of each image; ``shares`` as wanted; ``trials``: splits compared."""

    part: NDArray[np.int64]
    names: tuple[str, ...]
    shares: tuple[float, ...]
    trials: int


def parse_shares(text: str) -> tuple[float, ...]:
    """'0.7,0.15,0.15' -> train, validation, test; '0.8,0.2' -> train, test.

    Raises:
        UserError: not two or three positive numbers that add up to 1.
    """
    try:
        shares = tuple(float(part) for part in text.split(","))
    except ValueError:
        shares = ()
    if not (len(shares) in NAMES and min(shares) > 0 and abs(sum(shares) - 1) <= 1e-6):  # NaN fails each of these
        raise UserError(
            f"--splits {text}: give two shares (train,test) or three (train,validation,test) "
            "that add up to 1, such as 0.7,0.15,0.15"
        )
    return shares


def split_by_group(
    groups: NDArray[np.int64], classes: NDArray[np.int64], shares: Sequence[float], seed: int = 0
) -> Split:
    """Give every group of images to one part.

    groups   int64 [n], 0-based and without gaps: images of one group stay together
    classes  int64 [n], 0-based and without gaps
    shares   wanted shares, for ``NAMES[len(shares)]``

    Minimises, over classes c and parts s, the sum of (share of c that is in s - wanted share of s)^2 / wanted share,
    and a penalty for each class that a part lacks. Groups of several images go largest first, each to the part where
    it lowers that sum the most (so where the largest deficit is), then single groups move while that helps; the best
    of several seeded trials counts. Images that are a group of their own fill up what is missing at the end. The
    result depends on the order of the images and on ``seed`` only.
    """
    names, wanted = NAMES[len(shares)], np.asarray(shares, dtype=np.float64)
    totals = np.bincount(classes).astype(np.float64)
    sizes = np.bincount(groups)
    several = np.flatnonzero(sizes > 1)
    number = np.full(len(sizes), -1, dtype=np.int64)
    number[several] = np.arange(len(several))
    inside = number[groups] >= 0
    content = _content(number[groups[inside]], classes[inside], len(several))
    single = np.bincount(classes[~inside], minlength=len(totals))
    problem = _Problem(content, single, totals, wanted, np.array([_ABSENT[name] for name in names]))

    rng = np.random.default_rng(seed)
    best = problem.place()
    problem.settle(best)
    best_singles = problem.fill(best)
    best_cost, trials = problem.cost(best, best_singles), 1
    while len(several) and problem.visits + len(several) <= _WORK:
        tried = best.copy()
        thrown = rng.integers(0, len(several), max(2, len(several) // _KICK))
        tried[thrown] = rng.integers(0, len(wanted), len(thrown))
        problem.settle(tried)
        singles = problem.fill(tried)
        cost, trials = problem.cost(tried, singles), trials + 1
        if cost <= best_cost:
            best_cost, best, best_singles = cost, tried, singles
    part = np.empty(len(groups), dtype=np.int64)
    part[inside] = best[number[groups[inside]]]
    for code in range(len(totals)):
        rows = np.flatnonzero(~inside & (classes == code))
        part[rng.permutation(rows)] = np.repeat(np.arange(len(wanted)), best_singles[code])
    return Split(part, names, tuple(float(share) for share in wanted), trials)


def split_report(split: Split, groups: NDArray[np.int64], class_names: pl.Series) -> pl.DataFrame:
    """One row per class and part: class_name, split, images, share, wanted_share, off_by, groups, class_groups, note.

    ``class_groups`` counts the independent groups of the whole class; with fewer than parts it cannot be in all.
    """
    frame = pl.DataFrame({"class_name": class_names, "part": split.part, "group": groups})
    totals = frame.group_by("class_name").agg(
        pl.len().alias("class_images"), pl.col("group").n_unique().alias("class_groups")
    )
    counted = frame.group_by("class_name", "part").agg(
        pl.len().alias("images"), pl.col("group").n_unique().alias("groups")
    )
    parts = pl.DataFrame(
        {"part": range(len(split.names)), "split": split.names, "wanted_share": split.shares},
        schema_overrides={"part": pl.Int64},
    )
    report = totals.join(parts, how="cross").join(counted, on=["class_name", "part"], how="left")
    report = report.with_columns(pl.col("images", "groups").fill_null(0)).with_columns(
        (pl.col("images") / pl.col("class_images")).alias("share")
    )
    needed = len(split.names)
    one_or_more = pl.format(
        "{} independent group(s) for " + str(needed) + " parts: cannot be divided honestly into all of them",
        pl.col("class_groups"),
    )
    absent = pl.when(pl.col("images") == 0).then(pl.lit("no image here: its groups are too few or too large"))
    return (
        report.with_columns(
            (pl.col("share") - pl.col("wanted_share")).alias("off_by"),
            pl.when(pl.col("class_groups") < needed).then(one_or_more).otherwise(absent).alias("note"),
        )
        .sort("class_name", "part")
        .select(
            "class_name", "split", "images", "share", "wanted_share", "off_by", "groups", "class_groups", "note"
        )
    )  # fmt: skip


def _content(group: NDArray[np.int64], code: NDArray[np.int64], count: int) -> list[tuple[NDArray, NDArray]]:
    """For each group its classes (int64) and how many images of each (float64)."""
    if count == 0:
        return []
    pairs, amounts = np.unique(np.stack([group, code], axis=1), axis=0, return_counts=True)
    starts = np.searchsorted(pairs[:, 0], np.arange(count + 1))
    return [(pairs[start:stop, 1], amounts[start:stop].astype(np.float64)) for start, stop in pairwise(starts)]


class _Problem:
    """Groups of several images to be placed, and what a placement costs."""

    def __init__(
        self, content: list[tuple[NDArray, NDArray]], single: NDArray, totals: NDArray, wanted: NDArray, absent: NDArray
    ) -> None:
        self.shares = [(codes, amounts / totals[codes]) for codes, amounts in content]
        self.amounts = content
        self.order = np.argsort([-amounts.sum() for _, amounts in content], kind="stable")
        self.visits = 0
        self.single, self.totals, self.wanted, self.absent = single, totals, wanted, absent

    def place(self) -> NDArray[np.int64]:
        """int64 [groups]: part of each group, largest first, each where it costs least."""
        held = np.zeros((len(self.totals), len(self.wanted)))
        part = np.zeros(len(self.order), dtype=np.int64)
        for group in self.order.tolist():
            codes, share = self.shares[group]
            part[group] = int(np.argmin(self._change(held[codes], share)))
            held[codes, part[group]] += share
        return part

    def settle(self, part: NDArray[np.int64]) -> None:
        """Move single groups of ``part`` while that lowers the cost; counts the groups looked at in ``visits``."""
        held = self._held(part) / self.totals[:, None]
        for _ in range(_PASSES):
            if self.visits + len(part) > _WORK:
                return
            self.visits += len(part)
            moved = False
            for group in self.order.tolist():
                codes, share = self.shares[group]
                held[codes, part[group]] -= share
                change = self._change(held[codes], share)
                better = int(np.argmin(change))
                if change[better] < change[part[group]] - 1e-12:
                    part[group] = better
                    moved = True
                held[codes, part[group]] += share
            if not moved:
                return

    def fill(self, part: NDArray[np.int64]) -> NDArray[np.int64]:
        """int64 [classes, parts]: how many single images of each class go where, after the groups are placed."""
        held = self._held(part)
        result = np.zeros(held.shape, dtype=np.int64)
        for code, count in enumerate(self.single.tolist()):
            lacking = np.clip(self.wanted * self.totals[code] - held[code], 0, None)
            exact = lacking * (count / lacking.sum()) if lacking.sum() > 0 else self.wanted * count
            whole = np.floor(exact + 1e-9).astype(np.int64)
            rest = np.argsort(-(exact - whole), kind="stable")[: count - int(whole.sum())]
            whole[rest] += 1
            result[code] = whole
        return result

    def cost(self, part: NDArray[np.int64], singles: NDArray[np.int64]) -> float:
        share = (self._held(part) + singles) / self.totals[:, None]
        return float(((share - self.wanted) ** 2 / self.wanted).sum() + (self.absent * (share < 1e-12)).sum())

    def _held(self, part: NDArray[np.int64]) -> NDArray[np.float64]:
        held = np.zeros((len(self.totals), len(self.wanted)))
        for group, (codes, amounts) in enumerate(self.amounts):
            held[codes, part[group]] += amounts
        return held

    def _change(self, held: NDArray[np.float64], share: NDArray[np.float64]) -> NDArray[np.float64]:
        """float64 [parts]: what the cost gains when ``share`` [classes of the group] is added to a part of ``held``."""
        error = held - self.wanted
        squares = ((error + share[:, None]) ** 2 - error**2) / self.wanted
        return (squares - self.absent * (held < 1e-12)).sum(axis=0)
