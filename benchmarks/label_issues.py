"""Wrong labels on 20,000 real solar modules beside cleanlab: python -m benchmarks.label_issues [--vectors FILE.npz]

5 % of the labels are flipped to another class at random, three seeds. ``ours`` is the ranking of label_conflicts
(neighbours in the whitened L3 lens, and a small network on L2 held out in five folds). ``cleanlab`` (in a virtual
environment of its own, made with the package index configured here) ranks by its self-confidence, the best of its
three scores here, over five-fold logistic regression on the same features (the whitened L3 vectors, and the
standardised L2 vectors that our network sees as well), and over the probabilities of that network. Precision at n
(n = flipped labels; recall at n is the same number) and AUC of flipped against kept labels; and what the default
thresholds of suspect labels make of the list.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.peers import peer_environment
from benchmarks.real_vectors import solar_vectors
from thermal_assets.findings.thresholds import Thresholds
from thermal_assets.lenses.projection import fit_projection, whitened_unit
from thermal_assets.statistics.auc import auc
from thermal_assets.statistics.label_conflicts import label_conflicts
from thermal_assets.statistics.label_probe import held_out_probabilities

FLIPPED = 0.05
SEEDS = (0, 1, 2)
_CLEANLAB = """
import json, sys
from importlib.metadata import version
import numpy as np
from cleanlab.rank import get_label_quality_scores
given = np.load(sys.argv[1])
scores = {name: (-get_label_quality_scores(given["labels"], given[name], method="self_confidence")).tolist()
          for name in given.files if name != "labels"}
print("RESULT " + json.dumps({"version": version("cleanlab"), "scores": scores}))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vectors", type=Path, help=".npz with vectors and ids; left out: embedded once and kept")
    parser.add_argument("--without-cleanlab", action="store_true", help="install and run nothing")
    options = parser.parse_args()
    vectors, truth, names = solar_vectors(options.vectors)
    lens = fit_projection([vectors])
    whitened = whitened_unit(lens, lens.project(vectors))
    standardised = (vectors - vectors.mean(axis=0)) / np.maximum(vectors.std(axis=0), 1e-6)
    python = None if options.without_cleanlab else peer_environment("cleanlab")
    totals: dict[str, list[tuple[float, float]]] = {}
    for seed in SEEDS:
        random = np.random.default_rng(seed)
        rows = random.choice(len(truth), int(FLIPPED * len(truth)), replace=False)
        labels = truth.copy()
        labels[rows] = (labels[rows] + random.integers(1, len(names), rows.size)) % len(names)
        wrong = np.zeros(len(truth), dtype=bool)
        wrong[rows] = True
        keys = np.arange(len(truth), dtype=np.int64)
        probabilities = held_out_probabilities(lambda part: vectors[part], labels, keys, keys, salt=f"seed {seed}")
        mine, typicality = ours(whitened, labels, names, probabilities)
        scores = {"ours": mine, "ours, votes alone": ours(whitened, labels, names, None)[0]}
        if python is not None:
            given = {"labels": labels, "cleanlab, whitened L3": probe(whitened * 120**0.5, labels, 1.0)}
            # So many features need a strong penalty.
            given["cleanlab, standardised L2"] = probe(standardised, labels, 0.001)
            given["cleanlab, our network"] = probabilities
            scores |= cleanlab(python, given)
        for name, values in scores.items():
            first = np.argsort(-values, kind="stable")[: rows.size]
            measured = float(wrong[first].mean()), auc(values[wrong], values[~wrong]) or 0.0
            totals.setdefault(name, []).append(measured)
            print(f"seed {seed}  {name:28} precision at n {measured[0]:.3f}  AUC {measured[1]:.4f}", flush=True)
        thresholds = Thresholds()
        suspect = (scores["ours"] >= np.log(thresholds.label_conflict_odds)) & (
            typicality >= thresholds.label_conflict_typicality
        )
        found = int((suspect & wrong).sum())
        print(
            f"seed {seed}  suspect labels: {suspect.sum():,} images, precision {found / max(suspect.sum(), 1):.3f}, "
            f"recall {found / rows.size:.3f}",
            flush=True,
        )
    for name, figures in totals.items():
        means = np.mean(figures, axis=0)
        print(f"mean    {name:28} precision at n {means[0]:.3f}  AUC {means[1]:.4f}")


def ours(
    whitened: np.ndarray, labels: np.ndarray, names: list[str], probabilities: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """float64 [n] each: log odds of label_conflicts, which ranks everything when no odds are asked for; typicality."""
    n = len(labels)
    nothing = pl.Series([None] * n, dtype=pl.String)
    images = pl.DataFrame(
        {
            "image_id": [f"{row:06d}" for row in range(n)],
            "image_key": np.arange(n),
            "class_name": [names[label] for label in labels],
            "session_id": nothing,
        }
    )
    found = label_conflicts(images, whitened, lens_id="", probabilities=probabilities, min_odds=0.0)
    values, typicality = np.full(n, -50.0), np.zeros(n)
    values[found["image_key"].to_numpy()] = found["log_odds"].to_numpy()
    typicality[found["image_key"].to_numpy()] = found["typicality"].fill_null(0.0).to_numpy()
    return values, typicality


def probe(features: np.ndarray, labels: np.ndarray, penalty: float) -> np.ndarray:
    """float64 [n, classes]: five-fold cross-validated logistic regression, as cleanlab's guides have it."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_predict

    model = LogisticRegression(C=penalty, max_iter=200)
    return np.asarray(cross_val_predict(model, features, labels, cv=5, method="predict_proba"))


def cleanlab(python: Path, given: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Scores by cleanlab, higher = more suspect."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "given.npz"
        np.savez(place, allow_pickle=False, **given)
        done = subprocess.run([python, "-c", _CLEANLAB, place], capture_output=True, text=True, check=True)
    found = json.loads(next(line for line in done.stdout.splitlines() if line.startswith("RESULT ")).split(" ", 1)[1])
    return {name: np.array(values) for name, values in found["scores"].items()}


if __name__ == "__main__":
    main()
