"""Open switchboards: rows of breakers, bus bars, cables. The fault: a terminal or breaker that overheats."""

from __future__ import annotations

import numpy as np

from thermal_assets.synthetic.canvas import Canvas
from thermal_assets.synthetic.scene import Scene


def aspect(scene: Scene) -> float:
    """Width over height."""
    return scene.made.uniform("aspect", 0.62, 1.05)


def draw(canvas: Canvas, scene: Scene) -> None:
    """A cabinet, its door open: bus bars above, rows of breakers with their cables below."""
    made, a = scene.made, aspect(scene)
    room = scene.ambient * 0.5 + 9  # indoors: half of the weather
    canvas.t[:] = np.float32(room)
    canvas.texture(made.generator("room"), 0.25)
    canvas.rect(0.0, 0.0, a, 1.0, room + 1.5, corner=0.01)
    inside = room + made.uniform("inside", 3, 6)
    canvas.rect(0.05 * a, 0.035, 0.95 * a, 0.965, inside, shade=lambda u, v: -1.6 * v - 0.8 * u * u)
    load = made.uniform("load", 4, 10)
    phases = [0.5 * a + (i - 1) * 0.17 * a for i in range(3)]
    rows = made.integer("rows", 2, 3)
    for i, x in enumerate(phases):
        heat = inside + load * (0.5 + made.uniform(f"phase_{i}", 0, 0.35))
        canvas.rect(x - 0.028, 0.05, x + 0.028, 0.32, heat, shade=lambda u, v: -1.5 * u * u)
        canvas.rect(x - 0.012, 0.3, x + 0.012, 0.95, heat - 1.5)
    _main_breaker(canvas, a, inside, load)
    hottest: list[tuple[float, float, float, float]] = []
    first, pitch = 0.36, 0.6 / rows
    for row in range(rows):
        top, height = first + row * pitch, 0.5 * pitch
        canvas.rect(0.09 * a, top + 0.4 * height, 0.91 * a, top + 0.6 * height, inside - 1.0)  # the rail
        count = made.integer(f"breakers_{row}", 4, 7)
        width = 0.8 * a / count
        for i in range(count):
            x = 0.1 * a + i * width
            heat = inside + load * made.uniform(f"load_{row}_{i}", 0.1, 0.6)
            if made.happens(f"spare_{row}_{i}", 0.12):
                continue
            _cables(canvas, scene, x + width / 2, width, top, height, heat, pitch, f"{row}_{i}")
            canvas.rect(x + 0.02 * width, top - 0.008, x + 0.98 * width, top + height + 0.008, inside - 1.5)
            canvas.rect(
                x + 0.07 * width,
                top,
                x + 0.93 * width,
                top + height,
                heat,
                corner=0.008,
                shade=lambda u, v: -0.8 * v * v,
            )
            canvas.rect(x + 0.33 * width, top + 0.36 * height, x + 0.67 * width, top + 0.64 * height, heat - 2.2)
            hottest.append((x + width / 2, top, width, height))
    if made.happens("door", 0.6):  # the edge of the open door
        canvas.rect(-0.3, -0.1, 0.03 * a, 1.1, room - 0.5, shade=lambda u, v: 0.5 * u)
    if scene.anomalous:
        _fault(canvas, scene, hottest, phases)


def _main_breaker(canvas: Canvas, a: float, inside: float, load: float) -> None:
    canvas.rect(
        0.27 * a, 0.12, 0.73 * a, 0.29, inside + 0.35 * load, corner=0.012, shade=lambda u, v: -1.2 * (u * u + v * v)
    )
    canvas.rect(0.44 * a, 0.165, 0.56 * a, 0.25, inside - 1.5, corner=0.01)
    for i in range(3):
        x = 0.5 * a + (i - 1) * 0.17 * a
        canvas.ellipse(x, 0.125, 0.022, 0.018, inside + 0.8 * load)
        canvas.ellipse(x, 0.285, 0.022, 0.018, inside + 0.7 * load)


def _cables(
    canvas: Canvas,
    scene: Scene,
    x: float,
    width: float,
    top: float,
    height: float,
    heat: float,
    pitch: float,
    name: str,
) -> None:
    sag = scene.made.around(f"sag_{name}", 0.5) * width
    bottom = top + height + 0.75 * (pitch - height)
    canvas.limb((x, top + height), (x + sag, bottom), 0.13 * width, heat - 1.0)
    canvas.limb((x, top), (x - 0.5 * sag, top - 0.35 * (pitch - height)), 0.12 * width, heat - 1.2)


def _fault(
    canvas: Canvas, scene: Scene, breakers: list[tuple[float, float, float, float]], phases: list[float]
) -> None:
    made, size = scene.made, scene.made.uniform("size", 0.85, 1.3)
    kind = made.choice("fault", ["breaker", "terminal", "phase"], [0.45, 0.35, 0.2])
    x, top, width, height = breakers[made.integer("which", 0, len(breakers) - 1)]
    rise = made.uniform("rise", 22, 42) * size
    if kind == "breaker":
        canvas.rect(
            x - 0.44 * width,
            top,
            x + 0.44 * width,
            top + height,
            canvas.t + np.float32(0.7 * rise),
            corner=0.01,
            soft=0.02,
        )
        canvas.glow(x, top + height / 2, 0.9 * width, 0.7 * height, 0.35 * rise)
        canvas.glow(x, top + 0.1 * height, 0.3 * width, 0.2 * height, 0.4 * rise)
    elif kind == "terminal":
        canvas.glow(x, top + height, 0.32 * width, 0.035, rise)
        canvas.glow(x, top + height + 0.08, 0.22 * width, 0.09, 0.5 * rise)
        canvas.glow(x, top + 0.6 * height, 0.5 * width, 0.5 * height, 0.25 * rise)
    else:
        x = made.choice("phase", phases)
        canvas.glow(x, 0.125, 0.035, 0.03, rise)
        canvas.rect(x - 0.028, 0.05, x + 0.028, 0.3, canvas.t + np.float32(0.45 * rise), soft=0.015)
        canvas.glow(x, 0.2, 0.06, 0.12, 0.3 * rise)
