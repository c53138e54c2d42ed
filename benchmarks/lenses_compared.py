"""The L3 lenses on 20,000 real solar modules, held out: python -m benchmarks.lenses_compared [--vectors FILE.npz]

60 % fitted and 40 % judged, five splits drawn anew (names carry no session, and the modules no near frames). For L2,
PCA, whitened PCA, LDA, the supervised head and, as the bar to clear, logistic regression on L2: AUC of anomaly by the
distance to the ten nearest fitted normals, 10-nearest-neighbour macro-F1, AUC of anomaly types left out of the fit
(in turn, in the first split), shared outliers, intrinsic dimension, seconds to fit. Below the table, the ratios that
are promised: the error 1 - AUC of the supervised lens over that of L2 and of logistic regression.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from benchmarks.real_vectors import NORMAL, solar_vectors
from thermal_assets.lenses.candidates import CANDIDATES
from thermal_assets.lenses.evaluation import Pair, evaluate_lenses


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vectors", type=Path, help=".npz with vectors and ids; left out: embedded once and kept")
    parser.add_argument("--splits", type=int, default=5, help="default 5")
    parser.add_argument("--first", type=int, default=0, help="seed of the first split (default 0)")
    parser.add_argument("--lenses", nargs="*", help="some of them only, by name; logistic regression goes with all")
    parser.add_argument("--left-out-rounds", type=int, default=3, help="groups of types left out in turn; 0: none")
    options = parser.parse_args()
    vectors, labels, names = solar_vectors(options.vectors)
    normal = names.index(NORMAL)
    pair = Pair(normal, tuple(label for label in range(len(names)) if label != normal))
    splits = []
    for seed in range(options.first, options.first + options.splits):
        order = np.random.default_rng(seed).permutation(len(labels))
        fitted = int(0.6 * len(labels))
        splits.append((np.sort(order[:fitted]), np.sort(order[fitted:])))
    left_out: dict[str, dict[str, float]] = {}
    rows = evaluate_lenses(
        vectors,
        labels,
        np.arange(len(labels)),
        names,
        [pair],
        splits,
        salt="benchmark",
        candidates=[item for item in CANDIDATES if not options.lenses or item.name in options.lenses],
        logistic=not options.lenses,
        rounds=options.left_out_rounds,
        left_out=left_out,
        progress=lambda done, total: print(f"  {done} of {total}", flush=True),
    )
    print(f"{len(labels):,} modules, {options.splits} splits of 60 % fitted and 40 % judged")
    print(
        f"{'lens':22}{'AUC':>7}{'lowest':>8}{'highest':>9}{'macro-F1':>10}{'left out':>10}{'kept':>7}{'dim':>7}{'s':>8}"
    )
    for row in rows:
        figures = [row[key] for key in ("separability_auc", "separability_low", "separability_high", "macro_f1")]
        figures += [row["left_out_auc"], row["outlier_ranks_kept"], row["intrinsic_dimension"], row["fit_seconds"]]
        told = [
            f"{'-' if value is None else format(value, '.3f'):>{width}}"
            for value, width in zip(figures, (7, 8, 9, 10, 10, 7, 7, 8), strict=True)
        ]
        print(f"{row['lens']:22}" + "".join(told))
    error = {row["lens"]: 1 - row["separability_auc"] for row in rows}
    for bar, most in (("L2", 0.35), ("logistic regression", 0.85)):
        if bar in error and "supervised" in error:
            print(f"error of supervised / {bar}: {error['supervised'] / error[bar]:.3f} (at most {most})")
    if left_out.get("supervised"):
        print("AUC of types left out of the fit: supervised, whitened PCA, difference")
        for name, value in sorted(left_out["supervised"].items()):
            white = left_out["whitened PCA"][name]
            print(f"  {name:18}{value:7.3f}{white:7.3f}{value - white:+8.3f}")


if __name__ == "__main__":
    main()
