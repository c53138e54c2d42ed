"""Whether what arrived since the last diagnosis looks like what was there before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.spatial.distance import pdist, squareform

from thermal_assets.statistics.auc import UnitAuc, auc
from thermal_assets.statistics.drift_values import in_words, plural
from thermal_assets.statistics.frames import finite, table_frame
from thermal_assets.statistics.groups import codes, exclusion_groups
from thermal_assets.statistics.held_out_classifier import held_out_classifier, typical
from thermal_assets.statistics.reference_distance import ReferencePool
from thermal_assets.statistics.resampling import Interval, PermutationResult, permutation_test, session_bootstrap
from thermal_assets.statistics.session_energy import session_energy
from thermal_assets.statistics.shortcut_bins import Bins, binned
from thermal_assets.statistics.shortcuts import FEATURES
from thermal_assets.statistics.stratified_draw import draw_per_stratum

K = 10
MAX_REFERENCES = 2000
MAX_PER_SIDE = 5000
MIN_IMAGES = 20
EXAMPLES = 12
SALT = "run_drift"
PICTURES, METRIC = "pictures", "metric"


def delivery_drift(
    images: pl.DataFrame,
    new: NDArray[np.bool_],
    vectors_of: Callable[[NDArray[np.int64]], NDArray[np.float32]],
    *,
    lens_id: str,
    copies: NDArray[np.int64] | None = None,
    moved: NDArray[np.bool_] | None = None,
    salt: str = SALT,
) -> pl.DataFrame:
    """Rows of table ``run_drift`` of kind 'pictures' and of the features of the shortcut audit, one a class with
    new images.

    ``images`` has class_name, image_id, image_key, session_id and the columns of FEATURES; ``new`` bool[n] marks what
    arrived, ``moved`` bool[n] known pictures under another name or folder (they count as old, and are mentioned);
    ``vectors_of`` gives float32[r, d] of rows int64[r], whitened and of unit length. Pictures: effect is the
    AUC by which new images lie farther from m frozen old ones than other old images do (own session left out, m the
    same for all); p hands whole sessions round between new and old, by the energy distance of session means.
    Features: effect is the largest difference in the share of one value (or range of values), sessions counting the
    same; p hands whole sessions round, for of eight sessions a side half can differ in something by chance. Intervals
    resample whole sessions; that of a feature holds for the value that was told. At most 5,000 images a side take
    part, by salted hash.
    """
    if not new.any():
        return table_frame("run_drift", [])
    keys = images["image_key"].to_numpy().astype(np.int64)
    groups = exclusion_groups(images, copies)
    sessions = codes(images["session_id"])
    classes = images["class_name"].to_numpy()
    columns = {name: [binned(images[column]) for column in of] for name, of in FEATURES.items()}
    rows: list[dict[str, Any]] = []
    for name in sorted(set(classes[new])):
        sides = np.flatnonzero((classes == name) & new), np.flatnonzero((classes == name) & ~new)
        shared = {
            "class_name": name,
            "new_images": sides[0].size,
            "old_images": sides[1].size,
            "new_sessions": np.unique(sessions[sides[0]][sessions[sides[0]] >= 0]).size,
            "old_sessions": np.unique(sessions[sides[1]][sessions[sides[1]] >= 0]).size,
            "before": None,
            "now": None,
            "lens_id": lens_id,
        }
        drawn = [
            side[draw_per_stratum(keys[side], np.zeros(side.size, np.int64), MAX_PER_SIDE, salt)] for side in sides
        ]
        shared["method"] = "sample" if sum(side.size for side in drawn) < sides[0].size + sides[1].size else "exact"
        found = _pictures(drawn[0], drawn[1], vectors_of, keys, groups, sessions, f"{salt}|{name}")
        examples = found.pop("examples")
        if moved is not None and (elsewhere := int(moved[sides[1]].sum())):
            found["statement"] += f"; {plural(elsewhere, 'older image')} moved or copied here, not counted as new"
        rows.append(shared | found | {"example_ids": images["image_id"][examples].to_list()})
        if min(side.size for side in sides) < MIN_IMAGES:
            continue
        part = np.concatenate(drawn)
        arrived = np.arange(part.size) < drawn[0].size
        weights = np.empty(part.size)
        for side in (arrived, ~arrived):
            _, of = np.unique(groups[part[side]], return_inverse=True)
            weights[side] = 1 / np.bincount(of)[of]
        for feature, bins in columns.items():
            if feature == "date":
                continue  # a delivery is of another day than what was there
            if all(column.unknown(part) for column in bins):
                continue
            told = [(column, *column.telling(part, arrived, weights)) for column in bins]
            chosen, value, share, before = max(told, key=lambda item: abs(item[2] - item[3]))
            test, interval = _shares_of_sessions(
                chosen, value, part, arrived, sessions[part], f"{salt}|{name}|{feature}"
            )
            rows.append(
                shared
                | _nothing(feature, "difference in share of one value")
                | {
                    "effect": round(abs(share - before), 9),
                    "ci_low": interval.low,
                    "ci_high": interval.high,
                    "p_value": test.p_value,
                    "attainable_p": test.attainable_p,
                    "before": before,
                    "now": share,
                    "statement": f"{feature.capitalize()} {value}: {share:.0%} of the new images, {before:.0%} before",
                    "example_ids": images["image_id"][drawn[0][:EXAMPLES]].to_list(),
                }
            )
    return table_frame("run_drift", rows)


def _shares_of_sessions(
    bins: Bins, value: str, part: NDArray[np.int64], arrived: NDArray[np.bool_], sessions: NDArray[np.int64], salt: str
) -> tuple[PermutationResult, Interval]:
    """Can the largest difference of a share come from handing whole sessions round between new and old? And how far
    does the difference of ``value`` move when sessions are drawn again?"""
    named = sessions >= 0
    units, unit = np.unique(sessions[named], return_inverse=True)
    if units.size < 2:
        return PermutationResult(None, None, 0, True), Interval(None, None, "")
    shares = np.zeros((units.size, len(bins.names)))
    np.add.at(shares, (unit, bins.codes[part][named]), 1.0)
    shares /= shares.sum(axis=1, keepdims=True)
    labels = (np.bincount(unit, arrived[named]) / np.bincount(unit) > 0.5).astype(np.int64)

    def largest(labellings: NDArray[np.int64]) -> NDArray[np.float64]:
        new = labellings.astype(np.float64)
        counts = new.sum(axis=1, keepdims=True)
        sums = new @ shares
        old = (shares.sum(axis=0) - sums) / np.maximum(units.size - counts, 1)
        return np.asarray(np.abs(sums / np.maximum(counts, 1) - old).max(axis=1))

    has = bins.codes[part][named] == bins.names.index(value)
    sides = []
    for side in (arrived[named], ~arrived[named]):
        images = np.bincount(unit[side], minlength=units.size)
        share = np.bincount(unit[side], has[side], minlength=units.size) / np.maximum(images, 1)
        sides.append((images > 0, share))

    def difference(drawn: NDArray[np.float64]) -> NDArray[np.float64]:
        new, old = (
            np.divide(drawn @ share, drawn @ there, out=np.full(len(drawn), np.nan), where=drawn @ there > 0)
            for there, share in sides
        )
        return new - old

    found = session_bootstrap(
        difference, *(np.flatnonzero(there) for there, _ in sides), units=units.size, salt=f"{salt}|bootstrap"
    )
    if found.low is not None and found.high is not None and float(difference(np.ones((1, units.size)))[0]) < 0:
        found = Interval(-found.high, -found.low, found.note)
    return permutation_test(largest, labels, salt=salt), found


def _nothing(measure: str, effect_name: str) -> dict[str, Any]:
    return {
        "measure": measure,
        "effect_name": effect_name,
        "effect": None,
        "ci_low": None,
        "ci_high": None,
        "classifier_auc": None,
        "p_value": None,
        "attainable_p": None,
    }


def _pictures(
    new: NDArray[np.int64],
    old: NDArray[np.int64],
    vectors_of: Callable[[NDArray[np.int64]], NDArray[np.float32]],
    keys: NDArray[np.int64],
    groups: NDArray[np.int64],
    sessions: NDArray[np.int64],
    salt: str,
) -> dict[str, Any]:
    row = _nothing(PICTURES, "AUC of lying far from what was there")
    few = min(new.size, old.size) < MIN_IMAGES
    if few or np.unique(groups[old]).size < 2:
        why = f"fewer than {MIN_IMAGES} images" if few else "one session only"
        side = "new" if new.size < MIN_IMAGES else "old"
        return row | {"statement": f"Not compared: {why} on the {side} side", "examples": new[:EXAMPLES]}
    vectors = {"new": vectors_of(new), "old": vectors_of(old)}
    pool = ReferencePool(keys[old], groups[old], np.unique(groups[old]).size - 1, salt)
    reference = pool.freeze(min(MAX_REFERENCES, pool.largest_m))
    near = vectors["old"][reference.rows]
    far_new = reference.mean_distances(vectors["new"], groups[new], near, K)
    far_old = reference.mean_distances(vectors["old"], groups[old], near, K)
    row["effect"] = auc(far_new, far_old)
    interval = _auc_interval(far_new, far_old, sessions[new], sessions[old], salt)
    row["ci_low"], row["ci_high"] = interval.low, interval.high
    both, at = np.concatenate([vectors["new"], vectors["old"]]), np.concatenate([new, old])
    arrived = np.arange(at.size) < new.size
    named = sessions[at] >= 0
    examples = new[np.argsort(-far_new, kind="stable")][:EXAMPLES]
    statement = (
        f"New images lie farther from the old ones than those from each other with an AUC of {row['effect']:.2f}"
    )
    if named.any():
        units, unit = np.unique(sessions[at[named]], return_inverse=True)
        sums = np.zeros((units.size, both.shape[1]))
        np.add.at(sums, unit, both[named].astype(np.float64))
        means = sums / np.bincount(unit)[:, None]
        share = np.bincount(unit, arrived[named]) / np.bincount(unit)
        apart = squareform(pdist(means)) if units.size > 1 else np.zeros((1, 1))
        energy, _, test = session_energy(apart, share > 0.5, salt)
        row["p_value"], row["attainable_p"] = test.p_value, test.attainable_p
        judged = held_out_classifier(both[named], arrived[named], sessions[at[named]], keys[at[named]], salt=salt)
        row["classifier_auc"] = finite(judged.auc)
        if judged.auc is not None:
            shown = typical(judged.scores, np.flatnonzero(arrived[named]), sessions[at[named]], EXAMPLES)
            examples = at[named][shown]
        if energy is not None:
            statement += f"; energy distance of session means {energy:.3g}, {in_words(test, units.size)}"
    else:
        statement += "; the names carry no session, so chance cannot be judged"
    return row | {"statement": f"{statement} ({plural(new.size, 'new image')})", "examples": examples}


def _auc_interval(
    far_new: NDArray[np.float64],
    far_old: NDArray[np.float64],
    new_sessions: NDArray[np.int64],
    old_sessions: NDArray[np.int64],
    salt: str,
) -> Interval:
    """Of the AUC of ``far_new`` over ``far_old``, whole sessions resampled; images without one are drawn as one unit."""
    units, unit = np.unique(np.concatenate([new_sessions, old_sessions]), return_inverse=True)
    of_new, of_old = unit[: far_new.size], unit[far_new.size :]
    parts = UnitAuc([(far_new, far_old)], of_new, of_old)
    named = (of_side[units[of_side] >= 0] for of_side in (of_new, of_old))
    return session_bootstrap(
        lambda drawn: parts.weighted(drawn)[0], *named, units=units.size, salt=f"{salt}|bootstrap", names=("new", "old")
    )


def metric_drift(
    history: pl.DataFrame, now: pl.DataFrame, counts: pl.DataFrame, *, lens_id: str, least_runs: int = 5
) -> pl.DataFrame:
    """Rows of table ``run_drift`` of kind 'metric': figures of a class that moved since the last diagnosis.

    ``history`` has metric, class_name, value, measured_at; ``now`` metric, class_name, value; ``counts`` class_name,
    old_images. Effect is the change over 1.4826 times the median absolute deviation of earlier run-to-run changes
    where there are ``least_runs`` of them, else the relative change. Figures that did not move have no row.
    """
    rows: list[dict[str, Any]] = []
    sizes = dict(counts.select("class_name", "old_images").iter_rows())
    past = {
        key: part.sort("measured_at")["value"].to_numpy()
        for key, part in history.drop_nulls("value").partition_by("metric", "class_name", as_dict=True).items()
    }
    for metric, name, value in now.select("metric", "class_name", "value").sort("class_name", "metric").iter_rows():
        values = past.get((metric, name))
        if values is None or value is None or value == values[-1]:
            continue
        before, moves = float(values[-1]), np.abs(np.diff(values))
        usual = 1.4826 * float(np.median(moves)) if moves.size >= least_runs else 0.0
        change = value - before
        effect = change / usual if usual > 0 else (change / abs(before) if before else None)
        rows.append(
            _nothing(f"metric {metric}", "times the usual change" if usual > 0 else "relative change")
            | {
                "class_name": name,
                "new_images": 0,
                "old_images": sizes.get(name, 0),
                "new_sessions": 0,
                "old_sessions": 0,
                "before": before,
                "now": float(value),
                "effect": finite(effect),
                "method": "exact",
                "statement": f"{metric} of {name} went from {before:.4g} to {value:.4g}",
                "example_ids": [],
                "lens_id": lens_id,
            }
        )
    return table_frame("run_drift", rows)
