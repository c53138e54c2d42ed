"""Images between normal and anomaly: where the tail of the one class overlaps the head of the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from thermal_assets.statistics.separation_strata import Stratum

TAIL = 0.05
MOST = 500  # images a pair that are listed, nearest to the middle first


def gray_rows(
    strata: Sequence[Stratum], images: pl.DataFrame, names: tuple[str, str], lens_id: str
) -> tuple[list[dict[str, Any]], tuple[int, int]]:
    """(rows of table ``gray_zone`` for one pair, how many normal and anomaly images lie in the zone in all).

    The score of an image is ln(distance to normal) - ln(distance to anomaly), mean over the reference draws. The zone
    of a stratum reaches from the 5 % of the anomalies that score lowest to the 5 % of the normals that score highest;
    it is empty where these do not overlap. An image is placed by the share of the zone below it: 0.5 is its middle.
    """
    found: list[tuple[int, str, float, float, float, float]] = []
    counts = [0, 0]
    for part in strata:
        scores = [
            np.mean([part.scores(draw)[1 - side] for draw in range(len(part.to_normal))], axis=0) for side in (0, 1)
        ]
        low, high = float(np.quantile(scores[1], TAIL)), float(np.quantile(scores[0], 1 - TAIL))
        if low >= high:
            continue
        for side in (0, 1):
            inside = np.flatnonzero((scores[side] >= low) & (scores[side] <= high))
            counts[side] += inside.size
            place = (scores[side][inside] - low) / (high - low)
            found += [
                (int(row), names[side], float(score), float(at), low, high)
                for row, score, at in zip(part.queries[side][inside], scores[side][inside], place, strict=True)
            ]
    image_ids, keys = images["image_id"], images["image_key"]
    found.sort(key=lambda item: (abs(item[3] - 0.5), image_ids[item[0]]))
    rows = [
        {
            "image_id": image_ids[row],
            "class_name": name,
            "image_key": int(keys[row]),
            "normal_class": names[0],
            "anomaly_class": names[1],
            "score": score,
            "place": place,
            "zone_low": low,
            "zone_high": high,
            "rank": rank,
            "lens_id": lens_id,
        }
        for rank, (row, name, score, place, low, high) in enumerate(found[:MOST], start=1)
    ]
    return rows, (counts[0], counts[1])
