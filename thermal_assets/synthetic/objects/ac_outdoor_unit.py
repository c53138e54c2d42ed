"""Outdoor units of air conditioners. The fault: a hot fan motor or compressor, or a leak that frosts the coil."""

from __future__ import annotations

from math import cos, pi, sin

import numpy as np

from thermal_assets.synthetic.canvas import Canvas
from thermal_assets.synthetic.scene import Scene
from thermal_assets.synthetic.surroundings import ground, wall


def _fans(scene: Scene) -> int:
    return 2 if scene.made.happens("two_fans", 0.35) else 1


def aspect(scene: Scene) -> float:
    """Width over height: a unit with two fans is tall."""
    return scene.made.uniform("aspect", 0.62, 0.75) if _fans(scene) == 2 else scene.made.uniform("aspect", 1.15, 1.45)


def draw(canvas: Canvas, scene: Scene) -> None:
    """A metal box with round fan grilles, louvres at the side and pipes to the wall."""
    made, a = scene.made, aspect(scene)
    wall(canvas, scene)
    ground(canvas, scene, 0.95)
    case = scene.ambient + made.uniform("case", 3, 7) + 4 * scene.sun
    coil = case + made.uniform("coil", 7, 14)
    canvas.limb((0.9 * a, 0.7), (a + 0.4, 0.3), 0.014, case - 5)
    canvas.limb((0.9 * a, 0.76), (a + 0.4, 0.36), 0.02, coil - 2)
    canvas.rect(0.05 * a, 0.05, 0.95 * a, 0.92, case, corner=0.02, shade=lambda u, v: -1.5 * v)
    canvas.rect(0.05 * a, 0.05, 0.95 * a, 0.09, case - 3 + 6 * scene.sun)
    for x in (0.14 * a, 0.86 * a):
        canvas.rect(x - 0.05, 0.92, x + 0.05, 0.98, scene.ambient - 1)
    centres, radius = _places(scene, a)
    for i, (x, y) in enumerate(centres):
        _fan(canvas, scene, x, y, radius, case, coil, i)
    side = 0.8 * a if len(centres) == 1 else 0.9 * a
    canvas.rect(side - 0.012, 0.07, side - 0.004, 0.9, case - 4)  # the joint of the service panel
    for i in range(9):
        y = 0.16 + i * 0.055
        canvas.rect(side + 0.01, y, 0.93 * a, y + 0.02, case - 2.5 + (4 if i > 5 else 0))
    if scene.anomalous:
        _fault(canvas, scene, a, centres, radius, coil)


def _places(scene: Scene, a: float) -> tuple[list[tuple[float, float]], float]:
    if _fans(scene) == 2:
        return [(0.48 * a, 0.28), (0.48 * a, 0.69)], min(0.185, 0.36 * a)
    return [(0.42 * a, 0.49)], min(0.355, 0.32 * a)


def _fan(canvas: Canvas, scene: Scene, x: float, y: float, radius: float, case: float, coil: float, index: int) -> None:
    made = scene.made
    canvas.ellipse(x, y, radius * 1.06, radius * 1.06, case - 2)
    canvas.ellipse(x, y, radius, radius, coil, shade=lambda u, v: -2 * np.sqrt(u * u + v * v) - 1.5 * v)
    turn = scene.moment.uniform(f"blades_{index}", 0, 2 * pi)
    for i in range(3):  # blades, smeared by their motion
        angle = turn + 2 * pi * i / 3
        middle = (x + 0.52 * radius * cos(angle), y + 0.52 * radius * sin(angle))
        canvas.ellipse(*middle, 0.48 * radius, 0.26 * radius, coil - 4.5, angle=angle + 0.5, cover=0.7, soft=0.06)
    rings, spokes = made.integer("rings", 4, 6), made.integer("spokes", 6, 10)
    for i in range(1, rings + 1):
        canvas.ring(x, y, radius * i / rings, radius * i / rings, 0.011, case - 3.5, cover=0.75)
    for i in range(spokes):
        angle = 2 * pi * i / spokes
        canvas.limb((x, y), (x + radius * cos(angle), y + radius * sin(angle)), 0.006, case - 3.5, cover=0.75)
    canvas.ellipse(x, y, 0.2 * radius, 0.2 * radius, case - 1)


def _fault(
    canvas: Canvas, scene: Scene, a: float, centres: list[tuple[float, float]], radius: float, coil: float
) -> None:
    made, size = scene.made, scene.made.uniform("size", 0.85, 1.3)
    kind = made.choice("fault", ["motor", "compressor", "frost"])
    x, y = centres[made.integer("which", 0, len(centres) - 1)]
    if kind == "motor":
        canvas.glow(x, y, 0.3 * radius * size, 0.3 * radius * size, 42.0 * size)
        canvas.glow(x, y, 0.8 * radius, 0.8 * radius, 12.0)
    elif kind == "compressor":
        canvas.glow(0.84 * a, 0.7, 0.09 * size, 0.13 * size, 34.0 * size)
        canvas.glow(0.8 * a, 0.6, 0.2, 0.25, 9.0)
    else:
        rng = made.generator("frost")
        canvas.patch(
            rng, x + 0.3 * radius, y + 0.2 * radius, 0.9 * radius * size, 0.9 * radius, -(coil - scene.ambient) - 7.0
        )
        canvas.streak(rng, x + 0.5 * radius, y + 0.6 * radius, 1.0, 0.05 * size, -10.0)
