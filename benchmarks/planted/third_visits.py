"""Who was shot when and where in the sets of the third generator (third_sets.py)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl


@dataclass(frozen=True)
class Class:
    """Object, state and kind of real picture."""

    pair: str
    state: str
    kind: str


CLASSES = {
    "C_normal": Class("C", "normal", "Cell"),
    "C_anomaly": Class("C", "anomaly", "Cell-Multi"),
    "M_normal": Class("M", "normal", "No-Anomaly"),
    "M_anomaly": Class("M", "anomaly", "Vegetation"),
    "V_normal": Class("V", "normal", "Car"),
}
KIND_OF = {name: one.kind for name, one in CLASSES.items()}
FIRST_DAY, DAYS = date(2022, 5, 1), 180
PLACES = {"N1": 0.3, "N2": 0.25, "N3": 0.2, "N4": 0.15, "N5": 0.1}
DISTANCES = (0.5, 1.0, 3.0)
SESSIONS = (10, 24)  # fewest and most a class


def visits(random: np.random.Generator, sizes: dict[str, int], sessions: tuple[int, int] = SESSIONS) -> pl.DataFrame:
    """Rows of all images, session by session; ``sizes``: images a session where they are to be fixed; ``sessions``: the
    fewest and the most of a class."""
    frames = []
    for class_name, one in CLASSES.items():
        for number in range(int(random.integers(sessions[0], sessions[1] + 1))):
            drawn = int(np.clip(round(random.lognormal(3.0, 0.6)), 6, 60))
            images = sizes.get(class_name, drawn)
            session = f"{class_name}|{number:02d}"
            distance = float(random.choice(DISTANCES))
            bright = random.normal(0.5, 0.05)
            day = FIRST_DAY + timedelta(days=int(DAYS * random.beta(0.9, 1.1)))
            frames.append(
                pl.DataFrame(
                    {
                        "class_name": [class_name] * images,
                        "state": one.state,
                        "pair": one.pair,
                        "object_code": one.pair,
                        "session_id": session,
                        "batch_id": f"{session}|{distance}",
                        "distance_m": distance,
                        "captured_on": day,
                        "site_code": str(random.choice(list(PLACES), p=list(PLACES.values()))),
                        "channels": str(random.choice(["RGB", "L"], p=[0.7, 0.3])),
                        "palette": str(random.choice(["hot", "grey", "iron"], p=[0.5, 0.3, 0.2])),
                        "brightness": bright + random.normal(0, 0.06, images),
                        "width": (80 * random.lognormal(0, 0.2, images)).astype(np.int64),
                        "height": (80 * random.lognormal(0, 0.2, images)).astype(np.int64),
                    }
                )
            )
    return pl.concat(frames).with_columns(day="captured_on")
