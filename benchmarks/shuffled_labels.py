"""Do all comparing measures lie at 0.50 where labels say nothing? python -m benchmarks.shuffled_labels [--times 12]

        [--audits 200] [--scenes 0.1] [--vectors FILE.npz]

1,920 real pictures of one kind (sound solar modules through the real lens) in 96 sessions of 20. Whole sessions are
given one of two labels by lot, equally many and eleven to one, and every measure that compares two groups compares
these: separation at L2 and L3, at all distances and inside each, through the supervised lens (trained on those labels,
held out), the domain classifier of places and months, two distances, a delivery, and the shortcut audit of state and
class (single pictures have brightness and size of their own). What the
audit compares mostly goes by session, so a lot says little; it is cheap, and ``--audits`` lots of its own are drawn.
The images of a session are drawn at random (``--scenes 0``) or share a tenth of a picture, so that sessions differ.
Exit code 1 where the mean over all lots is farther from 0.50 than 0.02 and than 2.5 of its standard errors.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.planted.feature_sets import unit
from benchmarks.real_vectors import solar_vectors
from thermal_assets.lenses.crossfit import crossfitted
from thermal_assets.lenses.projection import fit_projection, whitened_unit
from thermal_assets.statistics.distance_groups import distance_groups
from thermal_assets.statistics.domain_drift import domain_drift
from thermal_assets.statistics.folds import group_folds
from thermal_assets.statistics.groups import codes, exclusion_groups
from thermal_assets.statistics.run_drift import delivery_drift
from thermal_assets.statistics.separation import separation, supervised_separation
from thermal_assets.statistics.shortcuts import shortcut_audit

KIND = "No-Anomaly"
SESSIONS, EACH = 96, 20
SHARES = {"1 to 1": 1 / 2, "11 to 1": 1 / 12}
CLASSES = ("M_normal", "M_anomaly")
BOUND, ERRORS = 0.02, 2.5


def main() -> int:
    """Command line; see above for the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vectors", type=Path, help=".npz with vectors and ids; left out: embedded once and kept")
    parser.add_argument("--times", type=int, default=12, help="lots drawn for each ratio (default 12)")
    parser.add_argument("--audits", type=int, default=200, help="the same for the shortcut audit (default 200)")
    parser.add_argument("--scenes", type=float, default=0.1, help="share of its session in a picture (default 0.1)")
    options = parser.parse_args()
    vectors, truth, names = solar_vectors(options.vectors)
    of_kind = vectors[truth == names.index(KIND)]
    far = []
    for ratio, share in SHARES.items():
        found: dict[str, list[float]] = defaultdict(list)
        for time in range(options.times):
            for measure, value in _lot(of_kind, share, options.scenes, time).items():
                found[measure].append(value)
            print(f"{ratio}: {time + 1} of {options.times} lots", file=sys.stderr, flush=True)
        for time in range(options.audits):
            for measure, value in _audit(_labelled(share, time)[1]).items():
                found[measure].append(value)
        print(f"{ratio}: lots, mean AUC, its standard error, smallest and largest")
        for measure, values in found.items():
            mean, error = float(np.mean(values)), float(np.std(values, ddof=1) / np.sqrt(len(values)))
            off = abs(mean - 0.5) > max(BOUND, ERRORS * error)
            far += [measure] if off else []
            mark = "  <- not at 0.50" if off else ""
            print(
                f"  {measure:38}{len(values):4}  {mean:.3f}  {error:.3f}  {min(values):.3f}  {max(values):.3f}{mark}",
                flush=True,
            )
    return int(bool(far))


def _labelled(share: float, seed: int) -> tuple[np.random.Generator, pl.DataFrame, np.ndarray]:
    """The generator, to go on with; the images; which of them got the second label."""
    random = np.random.default_rng((seed, round(1000 * share)))
    session = np.repeat(np.arange(SESSIONS), EACH)
    positive = random.permutation(np.arange(SESSIONS) < round(SESSIONS * share))[session]
    return random, _frame(random, session, positive), positive


def _lot(pool: np.ndarray, share: float, scenes: float, seed: int) -> dict[str, float]:
    random, images, positive = _labelled(share, seed)
    session = codes(images["session_id"])
    drawn = random.permutation(len(pool))[: session.size + SESSIONS]
    own, scene = pool[drawn[: session.size]], pool[drawn[session.size :]]
    vectors = unit((1 - scenes) * own + scenes * scene[session])
    lens = fit_projection([vectors])
    white = whitened_unit(lens, lens.project(vectors))
    found: dict[str, float] = {}
    for level, points in (("L2", vectors), ("L3", white)):
        for row in separation(images, points, level=level, lens_id="l", pairs=[CLASSES]).iter_rows(named=True):
            how = f"{level}, inside each distance" if row["matched"] else level
            found |= {
                f"separation {how}, {name}": row[f"{name}_auc"] for name in ("compactness", "distance", "separability")
            }
    found["separation, supervised lens"] = _supervised(images, vectors)
    one = images.with_columns(
        captured_on=pl.lit(None, dtype=pl.Date),
        class_name=pl.lit("M_normal"),
        site_code=pl.Series(np.where(positive, "P2", "P1")),
    )
    drift = domain_drift(one, lambda rows: white[rows], level="L3", lens_id="l")
    found["domain classifier, places"] = drift.filter(pl.col("value") == "P2")["auc"][0]
    later = np.where(positive, np.datetime64("2024-06-15"), np.datetime64("2024-05-15"))
    by_month = images.with_columns(class_name=pl.lit("M_normal"), captured_on=pl.Series(later))
    drift = domain_drift(by_month, lambda rows: white[rows], level="L3", lens_id="l")
    found["domain classifier, months"] = drift.filter(kind="month", value="2024-06")["auc"][0]
    two = one.with_columns(distance_m=pl.Series(np.where(positive, 2.0, 1.0)))
    groups = distance_groups(two, lambda rows: white[rows], level="L3", lens_id="l")
    found["domain classifier, distances"] = groups["auc"][0]
    delivery = delivery_drift(one, positive, lambda rows: white[rows], lens_id="l").filter(measure="pictures")
    found["delivery, distance to old images"] = delivery["effect"][0]
    found["delivery, classifier"] = delivery["classifier_auc"][0]
    return found


def _audit(images: pl.DataFrame) -> dict[str, float]:
    """Of the state, and of a class against two others that the same lot is drawn among."""
    random = np.random.default_rng(images["image_key"].to_numpy().astype(np.uint64)[:4])
    third = random.permutation(np.arange(SESSIONS) % 3)[codes(images["session_id"])]
    parted = pl.Series(np.where(third == 0, "other", images["class_name"].to_numpy()))
    found = {}
    for target, frame in (("state", images), ("class", images.with_columns(class_name=parted))):
        audit = shortcut_audit(frame).filter(target=target)
        if target == "class":
            audit = audit.filter(subject=CLASSES[1])
        found |= {
            f"shortcut audit, {target} by {name}": auc
            for name, auc in audit.select("feature", "auc").iter_rows()
            if auc is not None
        }
    return found


def _frame(random: np.random.Generator, session: np.ndarray, positive: np.ndarray) -> pl.DataFrame:
    n = session.size
    lot = {name: random.choice(values, SESSIONS)[session] for name, values in (
        ("channels", ["RGB", "RGBA"]), ("palette", ["iron", "grey", "hot"]), ("site_code", ["P1", "P2", "P3"]),
    )}  # fmt: skip
    return pl.DataFrame(
        {
            "image_id": [f"{n:05d}.png" for n in range(n)],
            "image_key": random.integers(-(2**62), 2**62, n),
            "class_name": np.where(positive, CLASSES[1], CLASSES[0]),
            "state": np.where(positive, "anomaly", "normal"),
            "pair": ["M"] * n,
            "object_code": ["M"] * n,
            "session_id": [f"s{number:02d}" for number in session],
            "frame_id": [f"f{n:05d}" for n in range(n)],
            "batch_id": [f"b{number:02d}" for number in session],
            "distance_m": random.choice([1.0, 2.0, 5.0], SESSIONS)[session],
            "captured_on": np.datetime64("2024-03-01") + random.integers(0, 180, SESSIONS)[session],
            "brightness": random.normal(0.5, 0.1, SESSIONS)[session] + random.normal(0, 0.05, n),
            "width": random.integers(40, 120, n),
            "height": random.integers(40, 120, n),
            **lot,
        }
    ).with_columns(day="captured_on")


def _supervised(images: pl.DataFrame, vectors: np.ndarray) -> float:
    labels = codes(images["class_name"])
    keys = images["image_key"].to_numpy()
    folds = group_folds(labels, keys, exclusion_groups(images, None), "shuffled")
    seen, fitted = crossfitted(lambda rows: vectors[rows], labels, labels, keys, folds, salt="shuffled")
    rows, _ = supervised_separation(images, seen, folds, lens_id="l", fitted_images=min(fitted), pairs=[CLASSES])
    return float(rows["separability_auc"][0])


if __name__ == "__main__":
    sys.exit(main())
