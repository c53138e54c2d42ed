"""Valves with body, bonnet, stem and handwheel. The fault: a hot or leaking packing or flange."""

from __future__ import annotations

from math import cos, pi, sin

import numpy as np

from thermal_assets.synthetic.canvas import Canvas
from thermal_assets.synthetic.scene import Scene
from thermal_assets.synthetic.surroundings import wall


def aspect(scene: Scene) -> float:
    """Width over height."""
    return scene.made.uniform("aspect", 0.75, 1.1)


def draw(canvas: Canvas, scene: Scene) -> None:
    """A valve in a horizontal line, its wheel on top, seen from the side or half from above."""
    made, a = scene.made, aspect(scene)
    wall(canvas, scene)
    for i in range(made.integer("far_pipes", 1, 3)):  # other lines behind
        far, heat = made.uniform(f"far_{i}", 0, 1), scene.ambient + made.uniform(f"far_t_{i}", 2, 6)
        line = ((-1.0, far), (2.0, far)) if i else ((far, -1.0), (far, 2.0))
        canvas.limb(*line, made.uniform(f"far_r_{i}", 0.015, 0.04), heat, shade=lambda u, v: -3 * v * v)
    hot = scene.ambient + made.uniform("hot", 12, 34)
    x, y = a / 2, made.uniform("y", 0.64, 0.7)
    pipe, body = made.uniform("pipe", 0.1, 0.13), made.uniform("body", 0.17, 0.21)
    edge = 0.4 * (hot - scene.ambient)
    canvas.limb((-1, y), (a + 1, y), pipe, hot, shade=lambda u, v: -np.float32(edge) * np.abs(v) ** 3)
    for side in (-1, 1):
        flange = x + side * min(0.33, 0.36 * a)
        canvas.polygon(
            [(x, y - body), (flange, y - pipe * 1.15), (flange, y + pipe * 1.15), (x, y + body)], hot - 3,
            shade=lambda u, v: -4 * v * v,
        )  # fmt: skip
        for dx, heat in ((0.0, hot - 6), (side * 0.045, hot - 7)):
            canvas.rect(flange + dx - 0.02, y - pipe * 1.75, flange + dx + 0.02, y + pipe * 1.75, heat, corner=0.01)
        canvas.rect(
            flange + side * 0.0225 - 0.004, y - pipe * 1.75, flange + side * 0.0225 + 0.004, y + pipe * 1.75, hot - 11
        )
        for i in range(4):
            b = y + pipe * 1.75 * (-0.75 + 0.5 * i)
            canvas.rect(
                flange - 0.045 + side * 0.02, b - 0.015, flange + 0.045 + side * 0.02, b + 0.015, hot - 9, corner=0.008
            )
    canvas.ellipse(x, y, body, body, hot - 2, shade=lambda u, v: -5 * (u * u + v * v) ** 2)
    _bonnet_and_wheel(canvas, scene, x, y - body, hot)
    if scene.anomalous:
        _fault(canvas, scene, a, x, y, body, pipe, hot)


def _bonnet_and_wheel(canvas: Canvas, scene: Scene, x: float, top: float, hot: float) -> None:
    made = scene.made
    neck, wheel = hot - 8, scene.ambient + made.uniform("wheel_t", 2, 7)
    hub = made.uniform("hub", 0.15, 0.2)
    canvas.polygon(
        [(x - 0.07, top + 0.05), (x - 0.045, hub + 0.16), (x + 0.045, hub + 0.16), (x + 0.07, top + 0.05)], neck
    )
    canvas.rect(x - 0.13, top - 0.015, x + 0.13, top + 0.025, neck - 1, corner=0.01)
    canvas.rect(x - 0.085, hub + 0.15, x + 0.085, hub + 0.18, neck - 4, corner=0.01)
    for side in (-1, 1):  # the yoke
        canvas.limb((x + side * 0.06, hub + 0.16), (x + side * 0.035, hub + 0.05), 0.014, neck - 6)
    canvas.limb((x, hub + 0.2), (x, hub - 0.07), 0.015, neck - 3)
    wide, flat = made.uniform("wheel", 0.24, 0.31), made.uniform("flat", 0.05, 0.14)
    spokes, turn = made.integer("spokes", 4, 6), made.uniform("turn", 0, pi)
    for i in range(spokes):
        angle = turn + 2 * pi * i / spokes
        canvas.limb((x, hub), (x + wide * cos(angle), hub + flat * sin(angle)), 0.013, wheel)
    canvas.ring(x, hub, wide, flat, 0.034, wheel + 1)
    canvas.ellipse(x, hub, 0.04, 0.03, wheel + 2)


def _fault(canvas: Canvas, scene: Scene, a: float, x: float, y: float, body: float, pipe: float, hot: float) -> None:
    made, rng = scene.made, scene.made.generator("fault")
    size = made.uniform("size", 0.8, 1.3)
    kind = made.choice("fault", ["hot_packing", "hot_flange", "steam", "drip"])
    packing = y - body - 0.1
    side = made.choice("side", [-1, 1]) * min(0.33, 0.36 * a)
    if kind == "hot_packing":
        canvas.glow(x, packing, 0.07 * size, 0.08 * size, 38.0 * size)
        canvas.glow(x, packing + 0.1, 0.13 * size, 0.12 * size, 14.0)
    elif kind == "hot_flange":
        canvas.glow(x + side, y, 0.045 * size, 1.5 * pipe, 36.0 * size)
        canvas.glow(x + side, y - pipe, 0.04, 0.05, 22.0)
    elif kind == "steam":
        angle = -1.57 + made.choice("way", [-1, 1]) * made.uniform("way_off", 0.5, 1.1)
        canvas.plume(
            scene.moment.generator("steam"), x, packing, 0.9 * (hot - scene.ambient) + 14,
            angle=angle, length=0.42 * size, width=0.04, flare=0.4,
        )  # fmt: skip
        canvas.glow(x, packing, 0.05, 0.05, 18.0)
    else:
        canvas.streak(rng, x + 0.7 * side, y + pipe, 1.02, 0.045 * size, -0.7 * (hot - scene.ambient) - 5)
        canvas.patch(rng, x + 0.7 * side, y + 0.4 * pipe, 0.12 * size, 1.1 * pipe, -0.75 * (hot - scene.ambient))
