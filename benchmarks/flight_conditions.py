"""What altitude and day or night do to real frames from the air, as numbers: python -m benchmarks.flight_conditions

        [--vectors FILE.npz]

500 frames of ``../shared/data`` through the real lens, day and night as classes, the altitude of the name as distance.
The names carry no flight; frames of one setting (day or night, altitude, angle of the camera) stand for one, so that
frames of the same minute do not count as independent. Measured by the project's own functions: how much of how crowded
a frame lies altitude explains (density over other settings; p by handing settings round), whether a classifier that has
not seen the settings tells near from far, and day from night. Nothing is planted here: the numbers are what they are.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.real_vectors import frame_vectors
from thermal_assets.density.densities import densities
from thermal_assets.lenses.projection import fit_projection, whitened_unit
from thermal_assets.neighbors.grouped import neighborhood
from thermal_assets.statistics.distance_drift import distance_drift
from thermal_assets.statistics.distance_groups import distance_groups
from thermal_assets.statistics.groups import codes
from thermal_assets.statistics.held_out_classifier import held_out_classifier

CLASSES = ("day", "night")


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vectors", type=Path, help=".npz with vectors and ids; left out: embedded once and kept")
    vectors, ids = frame_vectors(parser.parse_args().vectors)
    images = _frames(ids)
    lens = fit_projection([vectors])
    projected = lens.project(vectors)
    white = whitened_unit(lens, projected)
    settings = codes(images["session_id"])
    low, high = images["distance_m"].min(), images["distance_m"].max()
    print(f"{images.height} frames, {images['session_id'].n_unique()} settings, altitudes {low:.0f} to {high:.0f} m")
    for name in CLASSES:
        rows = np.flatnonzero((images["class_name"] == name).to_numpy())
        part = images[rows]
        for level, points in (("L2", vectors), ("L3", projected)):
            found = densities(neighborhood(points[rows], session=settings[rows]), k=10)
            measured = distance_drift(part, found["density"].to_numpy(), found["density_xs"].to_numpy(),
                                      level=level, lens_id="lens")  # fmt: skip
            print(f"{name}, {level}: {measured['statement'][0]}")
            curve = measured.select("distance_m", "image_count", "sessions", "median_density", "ci_low", "ci_high")
            for at, count, units, middle, low, high in curve.iter_rows():
                between = "" if low is None else f" ({low:.3g} to {high:.3g})"
                print(f"    {at:4.0f} m  {count:3} frames of {units:2} settings  median density {middle:.3g}{between}")
        for row in distance_groups(part, lambda at, mine=rows: white[mine[at]], level="L3", lens_id="lens").iter_rows(
            named=True
        ):
            ranges = ((row["nearer_from_m"], row["nearer_to_m"]), (row["farther_from_m"], row["farther_to_m"]))
            low, high = ("{:.0f} to {:.0f} m".format(*one) if one[0] < one[1] else f"{one[0]:.0f} m" for one in ranges)
            print(f"{name}, {low} against {high}: {row['statement']}")
    night = (images["class_name"] == "night").to_numpy()
    told = held_out_classifier(white, night, settings, images["image_key"].to_numpy(), salt="flight")
    bounds = (
        f"{told.interval.low:.3f} to {told.interval.high:.3f}" if told.interval.low is not None else told.interval.note
    )
    print(f"night against day in settings not seen before: AUC {told.auc:.3f} ({bounds})")
    return 0


def _frames(ids: list[str]) -> pl.DataFrame:
    """From names like night/1_60_50_0_01234.jpg: day or night, altitude in m, angle, weather, number."""
    parts = [Path(name).stem.split("_") for name in ids]
    classes = [name.split("/")[0] for name in ids]
    settings = ["_".join(part[:3]) for part in parts]
    return pl.DataFrame(
        {
            "image_key": np.arange(len(ids), dtype=np.int64),
            "class_name": classes,
            "session_id": settings,
            "frame_id": ids,
            "distance_m": [float(part[1]) for part in parts],
        }
    )


if __name__ == "__main__":
    sys.exit(main())
