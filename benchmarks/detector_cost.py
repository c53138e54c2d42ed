"""What the data-set measures of labels, separation and drift cost at 1,220,000 images: python -m benchmarks.detector_cost

Made vectors in twenty classes (ten objects, normal and anomaly), sixty images a session, at two sizes. Each measure is
run by itself, in processor seconds; what it would take at 1.22 million follows from the growth between the two sizes
(a power law), so a measure that samples stays flat and one that looks at every image grows. The supervised fit is
counted once; projecting all images through it is part of its line.
"""

from __future__ import annotations

import argparse
import math
import resource
import time
from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import polars as pl

from thermal_assets.lenses.crossfit import crossfitted
from thermal_assets.statistics.batch_drift import batch_drift
from thermal_assets.statistics.collection_plan import collection_plan, probe_errors
from thermal_assets.statistics.distance_groups import distance_groups
from thermal_assets.statistics.domain_drift import domain_drift
from thermal_assets.statistics.folds import group_folds
from thermal_assets.statistics.groups import codes
from thermal_assets.statistics.label_conflicts import conflicting_images
from thermal_assets.statistics.label_evidence import label_evidence
from thermal_assets.statistics.label_noise import label_noise
from thermal_assets.statistics.label_probe import held_out_probabilities
from thermal_assets.statistics.run_drift import delivery_drift
from thermal_assets.statistics.separation import separation, supervised_separation
from thermal_assets.statistics.shortcuts import shortcut_audit

WHOLE = 1_220_000
CLASSES, SESSION, WIDTH = 20, 60, 120


def made(images: int) -> tuple[pl.DataFrame, np.ndarray, np.ndarray]:
    """(images, L2 vectors float32 [n, 1280], whitened vectors float32 [n, 120]), every class a little apart."""
    random = np.random.default_rng(0)
    sessions = np.arange(images) // SESSION
    classes = sessions % CLASSES
    site = random.integers(0, 6, sessions[-1] + 1)[sessions]
    day = random.integers(0, 150, sessions[-1] + 1)[sessions]
    distance = random.choice([0.5, 1.0, 2.0, 5.0], sessions[-1] + 1)[sessions]
    white = random.normal(0, 1, (images, WIDTH)).astype(np.float32)
    white += 0.3 * random.normal(0, 1, (CLASSES, WIDTH)).astype(np.float32)[classes]
    white /= np.linalg.norm(white, axis=1, keepdims=True)
    l2 = np.empty((images, 1280), dtype=np.float32)
    turn = random.normal(0, 1, (WIDTH, 1280)).astype(np.float32)
    for start in range(0, images, 8192):
        part = slice(start, start + 8192)
        l2[part] = white[part] @ turn
        l2[part] /= np.linalg.norm(l2[part], axis=1, keepdims=True)
    frame = pl.DataFrame(
        {
            "image_key": random.permutation(images).astype(np.int64),
            "class_name": [f"c{c:02d}" for c in classes],
            "state": np.where(classes % 2 == 1, "anomaly", "normal"),
            "pair": [f"o{c // 2}" for c in classes],
            "object_code": [f"o{c // 2}" for c in classes],
            "session_id": [f"s{s:06d}" for s in sessions],
            "distance_m": distance,
            "site_code": [f"p{p}" for p in site],
            "captured_on": [date(2020, 9, 1) + timedelta(days=int(d)) for d in day],
            "channels": "RGB",
            "palette": np.where(day % 3 == 0, "iron", "rainbow"),
            "brightness": random.random(images),
            "width": random.integers(100, 200, images),
            "height": random.integers(100, 200, images),
        }
    )
    frame = frame.with_columns(
        day="captured_on", image_id=pl.format("{}/{}", "class_name", "image_key"), batch_id="session_id"
    )
    return frame, l2, white


def measures(images: pl.DataFrame, l2: np.ndarray, white: np.ndarray) -> dict[str, Callable[[], object]]:
    """Every measure by itself, ready to run."""
    labels, keys, sessions = codes(images["class_name"]), images["image_key"].to_numpy(), codes(images["session_id"])
    states = codes(images.select(pl.concat_str("pair", "state")).to_series())
    pairs = [(f"c{2 * pair:02d}", f"c{2 * pair + 1:02d}") for pair in range(CLASSES // 2)]
    folds = group_folds(labels, keys, sessions, "cost")
    new = (sessions % 40) == 0

    def supervised() -> None:
        seen, fitted = crossfitted(lambda rows: l2[rows], labels, states, keys, folds, salt="cost")
        supervised_separation(images, seen, folds, lens_id="l", fitted_images=min(fitted), pairs=pairs)

    def plan() -> None:
        wrong = probe_errors(lambda rows: white[rows], labels, folds, np.ones(len(labels), dtype=bool))
        collection_plan(images, wrong, lens_id="l")

    def conflicts() -> None:
        chances = held_out_probabilities(lambda rows: l2[rows], labels, keys, sessions, salt="cost")
        evidence = label_evidence(images, white, probabilities=chances)
        conflicting_images(images, evidence, lens_id="l")
        label_noise(images, evidence, lens_id="l")

    return {
        "folds": lambda: group_folds(labels, keys, sessions, "again"),
        "separation (one level)": lambda: separation(images, white, pairs=pairs, level="L3", lens_id="l"),
        "supervised_separation": supervised,
        "label_conflicts": conflicts,
        "batch_drift": lambda: batch_drift(images, white, lens_id="l", code_objects={}),
        "shortcut_audit": lambda: shortcut_audit(images),
        "domain_drift": lambda: domain_drift(images, lambda rows: white[rows], level="L3", lens_id="l"),
        "distance_groups": lambda: distance_groups(images, lambda rows: white[rows], level="L3", lens_id="l"),
        "run_drift": lambda: delivery_drift(images, new, lambda rows: white[rows], lens_id="l"),
        "collection_plan": plan,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, nargs=2, default=(25_000, 100_000), help="default 25000 100000")
    parser.add_argument("--only", nargs="*", help="measures by name; left out: all")
    options = parser.parse_args()
    found: dict[str, list[float]] = {}
    for size in options.images:
        for name, run in measures(*made(size)).items():
            if options.only and name not in options.only:
                continue
            started = time.process_time()
            run()
            found.setdefault(name, []).append(time.process_time() - started)
            print(f"{size:>9,} {name:26}{found[name][-1]:9.1f} s of processor time", flush=True)
    few, many = options.images
    print(f"\n{'measure':26}{'growth':>8}{'at ' + format(WHOLE, ','):>16}")
    for name, (low, high) in found.items():
        power = max(0.0, math.log(max(high, 0.01) / max(low, 0.01)) / math.log(many / few))
        print(f"{name:26}{f'n^{power:.2f}':>8}{high * (WHOLE / many) ** power:>12,.0f} s")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MiB")


if __name__ == "__main__":
    main()
