"""What to shoot next: how much there is of every object, state, distance and place, and how well it can be told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import binomtest

from thermal_assets.statistics.code_objects import class_objects
from thermal_assets.statistics.distance_groups import distance_steps
from thermal_assets.statistics.frames import table_frame
from thermal_assets.statistics.resampling import MIN_SESSIONS_A_SIDE

ONE_SIDED, FEW, UNKNOWN, ENOUGH = "the other state only", "few sessions", "sessions unknown", "enough"
_CELL = ("object", "state", "step", "place")


def collection_plan(images: pl.DataFrame, wrong: NDArray[np.float64], *, lens_id: str) -> pl.DataFrame:
    """Rows of table ``collection_plan``: one a cell of object x state x distance x place, ranked.

    ``wrong`` float64[n] is 1 where a probe that has not seen the session takes the image for another class, else 0,
    NaN where it was not asked. Of an object, all its distances (put together by doubling where they are more than
    eight) are crossed with all its places and states. An empty cell shows where another state of the object was shot
    at that distance and place: the state could be told by them. Where nobody has been in any state there is no row:
    it hides no such shortcut, may not exist in the plant, and such cells would outnumber all others; so an object
    without states has no empty cells. A cell is filled up to eight sessions, the number from which on intervals can be
    had. First come the empty cells, then those with few sessions, then those of objects whose names carry no session
    (what is independent there is unknown, however many images), each by error_at_least: the lower end of the 95 %
    Wilson interval of the probe's error in the cell, or where it holds nothing, of the object and state, so that three
    images, all mistaken (0.44 at least), do not lead three hundred of which 165 are (0.49).
    """
    objects = class_objects(images)
    frame = images.select("class_name", "state", "session_id", "distance_m", "site_code").with_columns(
        object=pl.col("class_name").replace_strict(objects, default=None, return_dtype=pl.String),
        state=pl.col("state").fill_null("any"),
        place=pl.col("site_code"),
        wrong=pl.Series(wrong, dtype=pl.Float64).fill_nan(None),
    )
    rows: list[dict[str, Any]] = []
    for (name,), part in sorted(frame.group_by("object", maintain_order=True), key=lambda item: str(item[0])):
        rows += _of_object(str(name), part, lens_id)
    order = {ONE_SIDED: 0, FEW: 1, UNKNOWN: 2, ENOUGH: 3}
    rows.sort(
        key=lambda row: (
            order[row["need"]],
            -(row["error_at_least"] or 0.0),
            row["sessions"],
            row["images"],
            str(row["object"]), row["state"], row["distance_from_m"] or 0.0, row["place"] or "",
        )
    )  # fmt: skip
    return table_frame("collection_plan", [row | {"rank": rank} for rank, row in enumerate(rows, start=1)])


def _of_object(name: str, part: pl.DataFrame, lens_id: str) -> list[dict[str, Any]]:
    distances = part["distance_m"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    known = np.isfinite(distances) & (distances > 0)
    steps = distance_steps(distances[known])
    step = np.full(part.height, -1, dtype=np.int64)
    for number, (low, high) in enumerate(steps):
        step[known & (distances >= low) & (distances <= high)] = number
    frame = part.with_columns(step=pl.Series(step))
    counted = frame.group_by(_CELL).agg(
        images=pl.len(),
        sessions=pl.col("session_id").drop_nulls().n_unique(),
        probe_error=pl.col("wrong").mean(),
        probe_images=pl.col("wrong").count(),
    )
    cells = {tuple(row[key] for key in _CELL): row for row in counted.to_dicts()}
    of_state = frame.group_by("state").agg(
        pl.col("wrong").mean().alias("error"), pl.col("wrong").count().alias("asked")
    )
    errors = {state: (error, asked) for state, error, asked in of_state.iter_rows()}
    states = sorted(frame["state"].unique().to_list())
    named = frame["session_id"].is_not_null().any()
    rows = []
    for state in states:
        for at in sorted(set(step.tolist())):
            for place in sorted(set(frame["place"].to_list()), key=str):
                empty = {"images": 0, "sessions": 0, "probe_error": None, "probe_images": 0}
                cell = cells.get((name, state, at, place), empty)
                others = [cells[(name, other, at, place)] for other in states if (name, other, at, place) in cells]
                if not others:
                    continue  # nobody has been there at that distance in any state: not a gap, a place of its own
                only_other = cell["images"] == 0
                missing = max(0, MIN_SESSIONS_A_SIDE - cell["sessions"]) if named else None
                need = ONE_SIDED if only_other else UNKNOWN if missing is None else FEW if missing else ENOUGH
                asked = (cell["probe_error"], cell["probe_images"]) if cell["probe_images"] else errors[state]
                row: dict[str, Any] = {
                    "object": name,
                    "state": state,
                    "distance_from_m": steps[at][0] if at >= 0 else None,
                    "distance_to_m": steps[at][1] if at >= 0 else None,
                    "place": place,
                    "need": need,
                    "images": cell["images"],
                    "sessions": cell["sessions"],
                    "missing_sessions": missing,
                    "other_state_images": sum(other["images"] for other in others) - cell["images"],
                    "probe_error": cell["probe_error"],
                    "probe_images": cell["probe_images"],
                    "object_error": errors[state][0],
                    "error_at_least": _wilson_low(*asked),
                    "lens_id": lens_id,
                }
                rows.append(row | {"action": _action(row)})
    return rows


def _wilson_low(share: float | None, n: int) -> float | None:
    """Lower end of the 95 % interval of a share of ``n`` (Wilson 1927); None for None."""
    if share is None:
        return None
    return float(binomtest(round(share * n), n).proportion_ci(method="wilson").low)


def _action(row: dict[str, Any]) -> str:
    low, high = row["distance_from_m"], row["distance_to_m"]
    where = "" if low is None else f" at {low:g} m" if low == high else f" at {low:g} to {high:g} m"
    where += f" in {row['place']}" if row["place"] is not None else ""
    what = row["object"] if row["state"] == "any" else f"{row['object']}, {row['state']}"
    if row["need"] == ENOUGH:
        return f"Enough of {what}{where}"
    if row["need"] == UNKNOWN:
        many = f"{row['images']:,} {'image' if row['images'] == 1 else 'images'}"
        return f"{what}{where}: {many}, but the names carry no session, so how many are independent is unknown"
    missing = row["missing_sessions"]
    more = "images of several days" if missing is None else f"{missing} {'session' if missing == 1 else 'sessions'}"
    why = "; only the other state was shot here" if row["need"] == ONE_SIDED else ""
    return f"Shoot {what}{where}: add {more}{why}"


def probe_errors(
    vectors_of: Callable[[NDArray[np.int64]], NDArray[np.float32]],
    labels: NDArray[np.int64],
    folds: NDArray[np.int64],
    fitted: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """float64[n]: 1 where the probe, fitted without the image's fold, takes it for another label; else 0.

    ``vectors_of`` gives float32[r, d] of rows int64[r], whitened and of unit length; ``fitted`` bool[n] marks the rows
    that may be fitted on. The probe: least squares on the labels as 0 and 1, all labels weighing the same, with a
    ridge of a tenth of the mean variance (Hastie, Tibshirani and Friedman, Elements of Statistical Learning, 4.2).
    """
    found = np.full(len(labels), np.nan)
    names = np.unique(labels)
    if names.size < 2:
        return found
    for fold in np.unique(folds):
        rows = np.flatnonzero((folds != fold) & fitted)
        at = np.searchsorted(names, labels[rows])
        counts = np.bincount(at, minlength=names.size)
        if rows.size == 0 or np.sum(counts > 0) < 2:
            continue
        points = np.column_stack([vectors_of(rows).astype(np.float64), np.ones(rows.size)])
        weights = 1 / (counts[at] * np.sum(counts > 0))
        products = points.T @ (points * weights[:, None])
        ridge = 0.1 * float(np.trace(products)) / len(products)
        wanted = np.zeros((rows.size, names.size))
        wanted[np.arange(rows.size), at] = weights
        solved = np.linalg.solve(products + ridge * np.eye(len(products)), points.T @ wanted)
        judged = np.flatnonzero(folds == fold)
        for start in range(0, judged.size, 8192):
            part = judged[start : start + 8192]
            scores = np.column_stack([vectors_of(part).astype(np.float64), np.ones(part.size)]) @ solved
            scores[:, counts == 0] = -np.inf
            found[part] = names[scores.argmax(axis=1)] != labels[part]
    return found
