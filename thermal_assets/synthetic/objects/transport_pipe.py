"""Pipes that carry hot or cold product. The fault: a leak at a joint or along the wall."""

from __future__ import annotations

import numpy as np

from thermal_assets.synthetic.canvas import Canvas, Shade
from thermal_assets.synthetic.scene import Scene
from thermal_assets.synthetic.surroundings import ground, wall
from thermal_assets.synthetic.textures import Field


def aspect(scene: Scene) -> float:
    """Width over height."""
    return scene.made.uniform("aspect", 0.95, 1.75)


def _round(edge: float, lit: float) -> Shade:
    """The look of a cylinder: its sides turn away and mirror the cold surroundings."""
    return lambda u, v: np.float32(lit) * v - np.float32(edge) * np.abs(v) ** 3


def draw(canvas: Canvas, scene: Scene) -> None:
    """One to three pipes, an elbow or a riser, with flanges and supports."""
    made, a = scene.made, aspect(scene)
    wall(canvas, scene)
    if made.happens("floor", 0.4):
        ground(canvas, scene, made.uniform("floor_y", 0.82, 0.92))
    for i in range(made.integer("posts", 1, 3)):  # steelwork behind
        x = a * made.uniform(f"post_{i}", 0, 1)
        canvas.rect(x - 0.03, -1, x + 0.03, 2, scene.ambient - 2.5, shade=lambda u, v: 1.5 * (np.abs(u) > 0.6))
    for i in range(made.integer("far_pipes", 1, 3)):  # thin lines farther back
        y = made.uniform(f"far_{i}", 0.03, 0.97)
        canvas.limb(
            (-1, y),
            (a + 1, y + made.around(f"far_tilt_{i}", 0.05)),
            made.uniform(f"far_r_{i}", 0.012, 0.035),
            scene.ambient + made.uniform(f"far_t_{i}", 3, 9),
            shade=_round(4, 0),
        )
    hot = scene.ambient + made.uniform("hot", 14, 42)
    kind = made.choice("kind", ["straight", "elbow", "parallel"], [0.45, 0.3, 0.25])
    if kind == "parallel":
        count = made.integer("count", 2, 3)
        places = [
            (0.5 + (i - (count - 1) / 2) * 0.3, 0.1, hot - i * made.uniform("cooler", 2, 8)) for i in range(count)
        ]
    else:
        places = [(made.uniform("y", 0.42, 0.58), made.uniform("radius", 0.13, 0.2), hot)]
    for y, radius, heat in places:
        _support(canvas, scene, a * 0.15, y, radius)
        _support(canvas, scene, a * 0.88, y, radius)
        if kind == "elbow":
            _elbow(canvas, scene, a, y, radius, heat)
        else:
            canvas.limb((-1, y), (a + 1, y), radius, heat, shade=_round(0.4 * (heat - scene.ambient), 1.5))
        for x in (0.3 * a + made.around(f"flange_{y:.2f}", 0.08), 0.62 * a if kind != "elbow" else 0.45 * a):
            _flange(canvas, x, y, radius, heat)
    y, radius, heat = places[0]
    if scene.anomalous:
        _leak(canvas, scene, a, y, radius, heat)


def _support(canvas: Canvas, scene: Scene, x: float, y: float, radius: float) -> None:
    canvas.rect(x - 0.025, y, x + 0.025, 2, scene.ambient + 1.5)
    canvas.rect(x - 0.09, y + radius - 0.01, x + 0.09, y + radius + 0.03, scene.ambient + 4)


def _flange(canvas: Canvas, x: float, y: float, radius: float, heat: float) -> None:
    wide = radius * 1.38
    for dx in (-0.026, 0.026):
        canvas.rect(
            x + dx - 0.022, y - wide, x + dx + 0.022, y + wide, heat - 7, corner=0.012, shade=lambda u, v: -3 * v * v
        )
    canvas.rect(x - 0.004, y - wide, x + 0.004, y + wide, heat - 11)
    for i in range(4):
        b = y + wide * (-0.78 + 0.52 * i)
        canvas.rect(x - 0.065, b - 0.02, x + 0.065, b + 0.02, heat - 9, corner=0.01)


def _elbow(canvas: Canvas, scene: Scene, a: float, y: float, radius: float, heat: float) -> None:
    up = scene.made.happens("up", 0.5)
    turn = 0.7 * a
    edge = 0.4 * (heat - scene.ambient)

    def quarter(u: Field, v: Field) -> Field:
        return -np.float32(edge) * np.abs(v) ** 3

    canvas.limb((turn, y), (turn, -1.0 if up else 2.0), radius, heat - 1, shade=quarter)
    canvas.limb((-1, y), (turn, y), radius, heat, shade=_round(edge, 1.5))
    end = 0.2 if up else 0.82
    wide = radius * 1.38
    canvas.rect(turn - wide, end - 0.045, turn + wide, end + 0.045, heat - 7, corner=0.012)
    canvas.rect(turn - wide, end - 0.005, turn + wide, end + 0.005, heat - 11)


def _leak(canvas: Canvas, scene: Scene, a: float, y: float, radius: float, heat: float) -> None:
    if scene.look == "dry":
        return
    made, rng = scene.made, scene.made.generator("leak")
    x = (
        0.3 * a + made.around(f"flange_{y:.2f}", 0.08)
        if made.happens("at_flange", 0.6)
        else a * made.uniform("x", 0.3, 0.6)
    )
    size = made.uniform("size", 0.8, 1.3)
    kind = made.choice("leak", ["steam", "drip", "wet_wall"])
    if kind == "steam":
        angle = made.choice("way", [-1.2, -1.9, 1.1, 2.0]) + made.around("way_off", 0.25)
        canvas.plume(
            scene.moment.generator("steam"), x, y + radius * np.sign(np.sin(angle)), 0.9 * (heat - scene.ambient) + 12,
            angle=angle, length=0.5 * size, width=0.05, flare=0.45,
        )  # fmt: skip
        canvas.glow(x, y + 0.5 * radius * np.sign(np.sin(angle)), 0.06 * size, 0.06 * size, 16.0)
    elif kind == "drip":
        canvas.streak(rng, x, y + radius * 0.4, 1.02, 0.055 * size, 0.8 * (heat - scene.ambient) + 6)
        canvas.patch(rng, x, 0.99, 0.3 * size, 0.06, 0.7 * (heat - scene.ambient))
        canvas.glow(x, y + radius * 0.7, 0.05, 0.04, 12.0)
    else:
        canvas.patch(rng, x, y + 0.1 * radius, 0.24 * size, 0.95 * radius, -0.85 * (heat - scene.ambient))
        canvas.streak(rng, x, y + radius * 0.8, 1.02, 0.06 * size, -7.0)
