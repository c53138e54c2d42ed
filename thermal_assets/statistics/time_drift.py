"""How the images of a class change over the months of a collection."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.spatial.distance import pdist, squareform

from thermal_assets.statistics.drift_values import column, in_words, judged_density, median, plural
from thermal_assets.statistics.frames import finite, table_frame
from thermal_assets.statistics.groups import codes
from thermal_assets.statistics.resampling import PermutationResult
from thermal_assets.statistics.session_energy import session_energy

SALT = "time_drift"
NO_SESSIONS = "The names carry no session, so chance cannot be judged and no session means can be compared"


def time_drift(
    images: pl.DataFrame,
    vectors: NDArray[np.float32],
    density: NDArray[np.floating[Any]],
    density_xs: NDArray[np.floating[Any]],
    *,
    level: str,
    lens_id: str,
    salt: str = SALT,
) -> pl.DataFrame:
    """Rows of table ``time_drift``: one a class and month of capture; none where names carry no date.

    ``vectors`` float32[n, d] in the Euclidean reading of the level; ``density``, ``density_xs`` float[n], NaN where
    there is none. energy_distance = 2 E|X - Y| - E|X - X'| - E|Y - Y'| over session means of equal weight, X in the
    month and Y in all others (Szekely and Rizzo, J. Stat. Plan. Inference 143 (2013) 1249, V-statistic: it is above
    0 by chance too, and the statement says how much). Its p-value hands whole sessions round between months.
    """
    frame = images.select("class_name", "session_id", "captured_on").with_columns(
        row=pl.int_range(pl.len()),
        period=pl.col("captured_on").cast(pl.Date).dt.strftime("%Y-%m"),
        density=np.asarray(density, dtype=np.float64),
        density_xs=np.asarray(density_xs, dtype=np.float64),
    )
    frame = frame.filter(pl.col("period").is_not_null())
    rows: list[dict[str, Any]] = []
    for (name,), part in sorted(frame.group_by("class_name", maintain_order=True), key=lambda item: str(item[0])):
        for row in _class_rows(part, vectors, f"{salt}|{name}"):
            rows.append(row | {"class_name": str(name), "level": level, "lens_id": lens_id})
    return table_frame("time_drift", rows)


def _class_rows(part: pl.DataFrame, vectors: NDArray[np.float32], salt: str) -> list[dict[str, Any]]:
    sessions = codes(part["session_id"])
    periods = part["period"].to_numpy()
    values = judged_density(column(part, "density"), column(part, "density_xs"))
    months = sorted(set(periods))
    named = sessions >= 0
    # A session lies in one month; should one straddle two, each part of it counts as a session of its month.
    units = pl.DataFrame({"session": sessions, "period": part["period"]}).filter(named).unique(maintain_order=True)
    means = _means(part.select("row", "period").with_columns(session=sessions), units, vectors)
    unit_periods = units["period"].to_numpy()
    apart = squareform(pdist(means)) if len(means) > 1 else np.zeros((len(means), len(means)))
    rows = []
    for month in months:
        inside = periods == month
        mine = unit_periods == month
        energy, expected, result = session_energy(apart, mine, f"{salt}|{month}")
        rows.append(
            {
                "period": str(month),
                "image_count": int(inside.sum()),
                "sessions": int(mine.sum()) if named.any() else None,
                "median_density": median(values[inside]),
                "energy_distance": finite(energy),
                "p_value": result.p_value,
                "attainable_p": result.attainable_p,
                "statement": _statement(str(month), months, mine, energy, expected, result),
            }
        )
    return rows


def _means(images: pl.DataFrame, units: pl.DataFrame, vectors: NDArray[np.float32]) -> NDArray[np.float64]:
    """float64[u, d] mean vector of each unit; a unit at a time, so memory holds one session."""
    grouped = images.filter(pl.col("session") >= 0).group_by("session", "period").agg("row")
    members = units.join(grouped, on=["session", "period"], how="left", maintain_order="left")["row"]
    means = [np.asarray(vectors[np.sort(part.to_numpy())], dtype=np.float64).mean(axis=0) for part in members]
    return np.stack(means) if means else np.zeros((0, vectors.shape[1]))


def _statement(
    month: str,
    months: list[str],
    mine: NDArray[np.bool_],
    energy: float | None,
    expected: float | None,
    result: PermutationResult,
) -> str:
    if len(months) < 2:
        return f"All images are from {month}: nothing to compare"
    if mine.size == 0:
        return NO_SESSIONS
    if energy is None:
        where = "this month" if mine.all() else "other months"
        return f"Only images of {where} name a session: nothing to compare"
    text = f"Energy distance {energy:.3g} to all other months"
    text += "" if expected is None else f", {expected:.3g} by chance"
    text += f"; {in_words(result, mine.size)}"
    if int(mine.sum()) == 1:
        text += f". {month} is {plural(1, 'session')}: month and session cannot be told apart"
    return text
