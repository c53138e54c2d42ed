"""People. Usual: at work on the site. Anomalous: intruders who climb a fence or carry things off, mostly at night."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, sin

import numpy as np

from thermal_assets.synthetic.canvas import Canvas, Point
from thermal_assets.synthetic.scene import Scene
from thermal_assets.synthetic.surroundings import ground, sky, wall


def _posture(scene: Scene) -> str:
    if scene.look == "close_up":
        return "close_up"
    if scene.anomalous:
        return scene.made.choice("posture", ["carrying", "climbing"], [0.6, 0.4])
    return "standing"


def aspect(scene: Scene) -> float:
    """Width over height."""
    low, high = {
        "standing": (0.42, 0.55),
        "carrying": (0.5, 0.62),
        "climbing": (0.52, 0.64),
        "close_up": (0.85, 1.05),
    }[_posture(scene)]
    return scene.made.uniform("aspect", low, high)


@dataclass(frozen=True)
class Warmth:
    """Surface temperatures of a clothed person in the weather of the scene."""

    skin: float
    shirt: float
    trousers: float
    shoes: float


def _warmth(scene: Scene) -> Warmth:
    air = scene.ambient
    skin = 33.5 - 0.14 * max(0.0, 22 - air)
    coat = scene.made.uniform("coat", 0.5, 0.8)  # how much of the way from air to skin shows through
    return Warmth(skin, air + coat * (skin - air), air + (coat - 0.06) * (skin - air), air + 0.25 * (skin - air))


def draw(canvas: Canvas, scene: Scene) -> None:
    """One person before ground and wall, or ground and sky."""
    a, posture = aspect(scene), _posture(scene)
    if posture == "close_up":
        wall(canvas, scene, 1.0)
        _close_up(canvas, scene, a)
        return
    if scene.anomalous or scene.made.happens("outside", 0.5):
        sky(canvas, scene, 0.3)
        ground(canvas, scene, 0.3)
    else:
        wall(canvas, scene)
        ground(canvas, scene, 0.83)
    canvas.t -= np.float32(2.0 if scene.sun == 0 else 0.0)
    if scene.anomalous:
        _fence(canvas, scene, scene.made.uniform("rail", 0.06, 0.14))
    figures = {"standing": _standing, "carrying": _carrying, "climbing": _climbing}
    figures[posture](canvas, scene, a)


def _head(canvas: Canvas, scene: Scene, warm: Warmth, x: float, y: float, size: float) -> None:
    helmet = scene.made.happens("helmet", 0.5)
    canvas.ellipse(x, y, 0.78 * size, size, warm.skin, shade=lambda u, v: -3 * u * u)
    if helmet:
        canvas.ellipse(x, y - 0.45 * size, 0.95 * size, 0.68 * size, warm.shirt - 3, shade=lambda u, v: 2 * v)
    else:
        canvas.ellipse(x, y - 0.55 * size, 0.76 * size, 0.5 * size, warm.skin - 4)
    canvas.ellipse(x + scene.moment.around("looks", 0.3) * size, y + 0.2 * size, 0.16 * size, 0.2 * size, warm.skin - 3)


def _limb_pair(
    canvas: Canvas, start: Point, joint: Point, end: Point, radius: float, upper: float, lower: float
) -> None:
    def across(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        return -2.5 * v * v

    canvas.limb(start, joint, radius, upper, end_radius=0.85 * radius, shade=across)
    canvas.limb(joint, end, 0.85 * radius, lower, end_radius=0.65 * radius, shade=across)


def _standing(canvas: Canvas, scene: Scene, a: float) -> None:
    warm, moment, x = _warmth(scene), scene.moment, a / 2
    stride = 0.1 * scene.made.uniform("walks", 0.1, 1) * (0.6 + 0.4 * moment.uniform("stride"))
    canvas.ellipse(x, 0.975, 0.16, 0.018, scene.ambient + 1, soft=0.02)
    for side in (-1, 1):
        hip, knee = (x + 0.035 * side, 0.52), (x + side * (0.035 + 0.6 * stride), 0.73)
        foot = (x + side * (0.04 + stride), 0.95)
        _limb_pair(canvas, hip, knee, foot, 0.058, warm.trousers, warm.trousers - 1)
        canvas.limb(foot, (foot[0] + 0.03, 0.962), 0.022, warm.shoes)
    for side in (-1, 1):
        swing = side * 0.05 + moment.around(f"arm_{side}", 0.05)
        shoulder, elbow = (x + 0.088 * side, 0.25), (x + 0.125 * side + 0.4 * swing, 0.39)
        hand = (x + 0.12 * side + swing, 0.51 - abs(moment.around(f"bend_{side}", 0.12)))
        _limb_pair(canvas, shoulder, elbow, hand, 0.036, warm.shirt, warm.shirt + 0.5)
        canvas.ellipse(*hand, 0.023, 0.028, warm.skin - 2)
    _torso(canvas, [(x - 0.07, 0.235), (x + 0.07, 0.235), (x + 0.058, 0.52), (x - 0.058, 0.52)], warm, 0.038)
    canvas.limb((x, 0.21), (x, 0.16), 0.026, warm.skin - 1)
    _head(canvas, scene, warm, x + moment.around("head", 0.008), 0.118, 0.07)


def _torso(canvas: Canvas, corners: list[Point], warm: Warmth, rounded: float) -> None:
    for p, q in zip(corners, corners[1:] + corners[:1], strict=True):
        canvas.limb(p, q, rounded, warm.shirt - 1)
    canvas.polygon(corners, warm.shirt, shade=lambda u, v: -1.5 * u * u - v)
    x, y = sum(p[0] for p in corners) / 4, sum(p[1] for p in corners) / 4
    canvas.glow(x, y - 0.04, 0.06, 0.08, 2.0)
    low, wide = corners[2][1], abs(corners[2][0] - corners[3][0]) / 2 + rounded
    canvas.rect(x - wide, low - 0.012, x + wide, low + 0.008, warm.shirt - 6)  # the belt
    canvas.rect(x - 0.005, corners[0][1], x + 0.005, low, warm.shirt - 3.5)  # the zip
    for side in (-1, 1):
        canvas.rect(x + 0.045 * side - 0.024, y - 0.05, x + 0.045 * side + 0.024, y - 0.035, warm.shirt - 4)


def _carrying(canvas: Canvas, scene: Scene, a: float) -> None:
    made, x = scene.made, a / 2
    _standing(canvas, scene, a)
    cold = scene.ambient - 2
    side = made.choice("load_side", [-1, 1])
    if made.happens("sack", 0.6):
        sack = (x + 0.1 * side, 0.27 + scene.moment.around("sack", 0.02))
        canvas.ellipse(*sack, 0.12, 0.15, cold, angle=0.4 * side, shade=lambda u, v: 1.5 * v - u * u)
    else:
        canvas.limb((x - 0.2, 0.42), (x + 0.22, 0.36 + scene.moment.around("bar", 0.03)), 0.018, cold)
        canvas.rect(x + 0.06, 0.34, x + 0.24, 0.46, cold + 0.5, corner=0.02)


def _fence(canvas: Canvas, scene: Scene, top: float, cover: float = 1.0) -> None:
    """Chain link below a rail."""
    wire, pitch = scene.ambient - 5, np.float32(scene.made.uniform("mesh", 6.5, 9))
    along, across = (canvas.x + canvas.y) * pitch, (canvas.x - canvas.y) * pitch
    mesh = np.maximum(np.abs(along % 1 - 0.5), np.abs(across % 1 - 0.5))
    canvas.t += np.float32(cover) * (np.float32(wire) - canvas.t) * ((mesh > 0.45) & (canvas.y > top))
    canvas.limb((-1, top), (2, top), 0.014, wire - 1)


def _climbing(canvas: Canvas, scene: Scene, a: float) -> None:
    warm, moment, x = _warmth(scene), scene.moment, a / 2
    for side in (-1, 1):
        up = moment.uniform(f"climb_{side}", 0, 0.1) + (0.06 if side > 0 else 0)
        knee, foot = (x + 0.1 * side, 0.73 - up), (x + 0.07 * side, 0.93 - up)
        _limb_pair(canvas, (x + 0.045 * side, 0.56), knee, foot, 0.06, warm.trousers, warm.trousers - 1)
        canvas.ellipse(foot[0], foot[1] + 0.01, 0.033, 0.026, warm.shoes)
        hand = (x + 0.19 * side, 0.1 + moment.uniform(f"hold_{side}", 0, 0.09))
        _limb_pair(canvas, (x + 0.1 * side, 0.33), (x + 0.21 * side, 0.25), hand, 0.042, warm.shirt, warm.shirt + 0.5)
        canvas.ellipse(*hand, 0.03, 0.03, warm.skin - 2)
    _torso(canvas, [(x - 0.09, 0.32), (x + 0.09, 0.32), (x + 0.065, 0.59), (x - 0.065, 0.59)], warm, 0.042)
    _head(canvas, scene, warm, x + moment.around("head", 0.02), 0.2, 0.078)


def _close_up(canvas: Canvas, scene: Scene, a: float) -> None:
    """Head and shoulders that fill the frame: the face has parts of its own."""
    warm, moment, x = _warmth(scene), scene.moment, a / 2 + scene.moment.around("x", 0.03)
    turn = moment.around("turn", 0.06)
    canvas.ellipse(x, 1.12, 0.5, 0.34, warm.shirt, shade=lambda u, v: -2 * u * u)
    canvas.limb((x, 0.85), (x, 0.6), 0.14, warm.skin - 0.5, shade=lambda u, v: 1.5 - 3 * v * v)
    canvas.ellipse(x, 0.44, 0.255, 0.35, warm.skin, shade=lambda u, v: -2.5 * (u * u + 0.4 * v * v))
    canvas.ellipse(x, 0.2, 0.265, 0.17, warm.skin - 7, shade=lambda u, v: 2 * v)
    for side in (-1, 1):
        canvas.ellipse(x + 0.255 * side, 0.47, 0.035, 0.075, warm.skin - 3)
        eye = (x + turn + 0.1 * side, 0.42)
        canvas.glow(eye[0] - 0.045 * side, eye[1], 0.03, 0.025, 1.8)  # the warm inner corners of the eyes
        canvas.ellipse(x + turn + 0.1 * side, 0.365, 0.06, 0.012, warm.skin - 2.5, cover=0.8, soft=0.02)
        if scene.made.happens("glasses", 0.5):
            canvas.ellipse(*eye, 0.075, 0.058, warm.skin - 10)
            canvas.limb((x + turn, 0.41), (x + 0.25 * side, 0.41), 0.008, warm.skin - 9)
        canvas.glow(x + turn + 0.14 * side, 0.56, 0.05, 0.05, -1.5)
    canvas.ellipse(x + turn, 0.52, 0.032, 0.075, warm.skin - 4.5, soft=0.03)
    canvas.ellipse(x + turn, 0.65, 0.075, 0.018, warm.skin + 0.5, soft=0.02)
    canvas.plume(
        moment.generator("breath"), x + turn + 0.02, 0.66, 1.5,
        angle=0.8 * cos(5 * turn) + 0.4 * sin(9 * turn), length=0.12, width=0.04,
    )  # fmt: skip
