"""What decides the pixels of one picture, and drawing it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from math import log, radians, sqrt

import numpy as np
from numpy.typing import NDArray

from thermal_assets.synthetic.camera import Camera, Exposure, expose
from thermal_assets.synthetic.canvas import Canvas, Pose
from thermal_assets.synthetic.catalog import BY_NAME
from thermal_assets.synthetic.chance import Chance
from thermal_assets.synthetic.palettes import colours
from thermal_assets.synthetic.scene import Scene

NEAR_PIXELS, FAR_PIXELS = 190.0, 54.0  # geometric mean of width and height, nearest and farthest distance
SMALLEST, LARGEST = 28, 250  # sides of a crop, pixels
CLOSE_UP_PIXELS = 430.0  # of the 480 lines of a frame


@dataclass(frozen=True)
class Session:
    """One visit: a day, a site, a time window, one camera setting.

    ``key`` names it among all sessions of a data set; ``start`` and ``end`` are minutes of the day.
    """

    key: str
    captured_on: date
    site: str
    start: int
    end: int
    palette: str
    ambient: float
    sun: float


@dataclass(frozen=True)
class Picture:
    """Everything that decides the pixels. Equal pictures have equal pixels, whatever their files are called."""

    seed: int
    object_name: str
    anomalous: bool
    session: Session
    distance_m: float
    frame: int
    box: int
    look: str = "usual"


def draw_picture(picture: Picture) -> NDArray[np.uint8]:
    """uint8[H, W, 3]: the picture in the palette of its session."""
    return colours(picture.session.palette)[exposed(picture).levels]


@lru_cache(maxsize=1)  # a picture and its annotation are written one after the other
def exposed(picture: Picture) -> Exposure:
    """The levels of a picture and the temperatures they stand for."""
    kind, session = BY_NAME[picture.object_name], picture.session
    made = Chance(picture.seed, "object", session.key, picture.box)
    moment = Chance(picture.seed, "moment", session.key, f"{picture.distance_m:g}", picture.frame, picture.box)
    setting = Chance(picture.seed, "camera", session.key)
    scene = Scene(made, moment, session.ambient, session.sun, picture.anomalous, picture.look)
    aspect, far = kind.aspect(scene), _remoteness(picture.distance_m, kind.distances_m)
    width, height = _size(scene, aspect, far)
    canvas = Canvas(width, height, _pose(scene, aspect), scene.ambient)
    kind.draw(canvas, scene)
    canvas.texture(moment.generator("surface"), 0.25, cells=6)
    # Heat that a person sees rising and falling within minutes.
    temperature = canvas.t + np.float32(moment.around("drift", 0.6))
    close = picture.look == "close_up"
    camera = Camera(
        blur_px=0.55 + 0.35 * max(far, 0) + setting.uniform("focus", 0, 0.5) + (1.0 if close else 0.0),
        haze=picture.distance_m * 0.004,
        noise_k=setting.uniform("noise", 0.1, 0.3),
        stripes_k=setting.uniform("stripes", 0.02, 0.12),
        least_span_k=setting.uniform("least_span", 11, 16) + (13 if picture.look == "cooled" else 0),
        margin_low=setting.uniform("margin_low", 0.0, 0.16) + moment.around("margin_low", 0.02),
        margin_high=setting.uniform("margin_high", 0.0, 0.22) + moment.around("margin_high", 0.02),
    )
    return expose(temperature, scene.ambient, camera, moment.generator("noise"), setting.generator("stripes"))


def _remoteness(distance_m: float, distances_m: tuple[float, ...]) -> float:
    """0 at the nearest distance of an object, 1 at its farthest, by ratio; below 0 nearer still."""
    return log(distance_m / distances_m[0]) / log(distances_m[-1] / distances_m[0])


def _size(scene: Scene, aspect: float, far: float) -> tuple[int, int]:
    if scene.look == "close_up":
        side, largest = CLOSE_UP_PIXELS, 478
    else:
        side, largest = NEAR_PIXELS * (FAR_PIXELS / NEAR_PIXELS) ** far, LARGEST
    side *= scene.made.uniform("scale", 0.88, 1.14) * (1 + scene.moment.around("scale", 0.07))
    shape = aspect * (1 + scene.moment.around("stretch", 0.05))
    width, height = side * sqrt(shape), side / sqrt(shape)
    shrink = min(1.0, largest / max(width, height))
    return max(SMALLEST, round(width * shrink)), max(SMALLEST, round(height * shrink))


def _pose(scene: Scene, aspect: float) -> Pose:
    """The box that an annotator drew: never quite tight, never quite the same."""
    made, moment = scene.made, scene.moment
    margins = [made.uniform(f"margin_{i}", 0.0, 0.07) + moment.uniform(f"margin_{i}", -0.02, 0.05) for i in range(4)]
    return Pose(
        x0=-margins[0] * aspect,
        y0=-margins[1],
        x1=aspect * (1 + margins[2]),
        y1=1 + margins[3],
        tilt=radians(made.around("tilt", 2.5) + moment.around("tilt", 1.2)),
        mirrored=made.happens("mirrored", 0.5),
    )
