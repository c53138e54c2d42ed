"""Cars from the side and from the front. The fault: an engine bay, brake or battery far too hot."""

from __future__ import annotations

import numpy as np

from thermal_assets.synthetic.canvas import Canvas
from thermal_assets.synthetic.scene import Scene
from thermal_assets.synthetic.surroundings import ground, sky


def _from_front(scene: Scene) -> bool:
    return scene.made.happens("front", 0.35)


def aspect(scene: Scene) -> float:
    """Width over height."""
    return scene.made.uniform("aspect", 1.05, 1.25) if _from_front(scene) else scene.made.uniform("aspect", 2.0, 2.5)


def draw(canvas: Canvas, scene: Scene) -> None:
    """A car on the ground. ``cooled``: parked for so long that it has nearly the temperature around it."""
    horizon = scene.made.uniform("horizon", 0.0, 0.25)
    sky(canvas, scene, horizon)
    ground(canvas, scene, horizon)
    background = canvas.t.copy()
    (_front if _from_front(scene) else _side)(canvas, scene, aspect(scene))
    if scene.look == "cooled":
        canvas.t[:] = background + np.float32(0.1) * (canvas.t - background)


def _wheel(canvas: Canvas, x: float, y: float, radius: float, tyre: float) -> None:
    canvas.ellipse(x, y, radius, radius, tyre)
    canvas.ellipse(x, y, 0.62 * radius, 0.62 * radius, tyre - 5, shade=lambda u, v: 3 - 3 * (u * u + v * v))
    canvas.ring(x, y, 0.36 * radius, 0.36 * radius, 0.1 * radius, tyre - 7)
    canvas.ellipse(x, y, 0.18 * radius, 0.18 * radius, tyre + 3)


def _side(canvas: Canvas, scene: Scene, a: float) -> None:
    made = scene.made
    body = scene.ambient + made.uniform("body", 1, 4) + 5 * scene.sun
    glass = scene.ambient - made.uniform("glass", 3, 6)
    engine = made.uniform("engine", 9, 18)
    van = made.happens("van", 0.3)
    canvas.ellipse(a / 2, 0.93, 0.46 * a, 0.05, scene.ambient - 3, soft=0.08)  # the shadow
    canvas.glow(0.24 * a, 0.92, 0.13 * a, 0.04, 6.0)  # warm ground below the engine
    roof, hood = 0.1, 0.46 if not van else 0.36
    cabin = (
        [(0.27 * a, hood), (0.4 * a, roof), (0.68 * a, roof), (0.84 * a, hood + 0.02)]
        if not van
        else [(0.16 * a, hood), (0.27 * a, roof), (0.93 * a, roof), (0.95 * a, hood)]
    )
    canvas.polygon(cabin, body - 1, shade=lambda u, v: -2 + 2 * v)
    canvas.rect(0.04 * a, hood, 0.96 * a, 0.8, body, corner=0.1, shade=lambda u, v: -1.5 * v)
    canvas.polygon(
        [(0.05 * a, hood + 0.1), (0.12 * a, hood - 0.02), (0.3 * a, hood - 0.05), (0.3 * a, hood + 0.1)], body + 0.5
    )
    top, low = roof + 0.055, hood - 0.02
    pillars = (0.3, 0.43, 0.565, 0.7, 0.79) if not van else (0.19, 0.3, 0.46, 0.66, 0.9)
    canvas.polygon(
        [(pillars[0] * a, low), (pillars[1] * a, top), (0.99 * pillars[2] * a, top), (0.99 * pillars[2] * a, low)],
        glass,
    )
    canvas.polygon(
        [
            (1.02 * pillars[2] * a, low),
            (1.02 * pillars[2] * a, top),
            (pillars[3] * a - 0.03, top),
            (pillars[4] * a, low),
        ],
        glass - 1,
    )
    canvas.glow(0.16 * a, hood + 0.08, 0.1 * a, 0.14, engine)
    canvas.limb((0.1 * a, 0.79), (0.9 * a, 0.79), 0.02, body + 3)
    canvas.ellipse(0.055 * a, hood + 0.13, 0.03, 0.04, body + 5)
    canvas.rect(0.57 * a, hood + 0.02, 0.575 * a, 0.76, body - 2)
    canvas.ellipse(0.95 * a, 0.8, 0.03, 0.025, body + 8)  # the exhaust
    tyre = scene.ambient + made.uniform("tyre", 7, 13)
    for x in (0.2 * a, 0.79 * a):
        canvas.ellipse(x, 0.78, 0.2, 0.19, body - 5)
        _wheel(canvas, x, 0.8, 0.165, tyre)
    if scene.anomalous and scene.look != "cooled":
        _fault(canvas, scene, (0.16 * a, hood + 0.1), (made.choice("wheel", [0.2, 0.79]) * a, 0.8), 0.1 * a)


def _front(canvas: Canvas, scene: Scene, a: float) -> None:
    made, x = scene.made, a / 2
    body = scene.ambient + made.uniform("body", 1, 4) + 5 * scene.sun
    glass = scene.ambient - made.uniform("glass", 3, 6)
    canvas.ellipse(x, 0.94, 0.46 * a, 0.04, scene.ambient - 3, soft=0.06)
    canvas.glow(x, 0.93, 0.3 * a, 0.05, 7.0)
    tyre = scene.ambient + made.uniform("tyre", 7, 13)
    for side in (-1, 1):
        canvas.rect(x + side * 0.35 * a - 0.07, 0.68, x + side * 0.35 * a + 0.07, 0.95, tyre, corner=0.03)
    canvas.polygon([(x - 0.36 * a, 0.45), (x - 0.26 * a, 0.1), (x + 0.26 * a, 0.1), (x + 0.36 * a, 0.45)], body - 1)
    canvas.polygon(
        [(x - 0.31 * a, 0.43), (x - 0.24 * a, 0.15), (x + 0.24 * a, 0.15), (x + 0.31 * a, 0.43)],
        glass,
        shade=lambda u, v: 1.5 * v,
    )
    for side in (-1, 1):
        canvas.ellipse(x + side * 0.41 * a, 0.41, 0.05, 0.035, body)
    canvas.rect(x - 0.43 * a, 0.43, x + 0.43 * a, 0.85, body, corner=0.08, shade=lambda u, v: -1.5 * v)
    canvas.glow(x, 0.56, 0.22 * a, 0.12, made.uniform("engine", 8, 15))
    heat = body + made.uniform("grille", 8, 14)
    canvas.rect(x - 0.2 * a, 0.6, x + 0.2 * a, 0.72, heat, corner=0.02)
    for i in range(4):
        canvas.rect(x - 0.2 * a, 0.615 + 0.028 * i, x + 0.2 * a, 0.624 + 0.028 * i, heat - 6)
    for side in (-1, 1):
        canvas.ellipse(x + side * 0.33 * a, 0.6, 0.07, 0.05, body + 3)
        canvas.ellipse(x + side * 0.33 * a, 0.6, 0.035, 0.03, body + 9)
    canvas.rect(x - 0.43 * a, 0.77, x + 0.43 * a, 0.84, body - 2, corner=0.03)
    canvas.rect(x - 0.12 * a, 0.765, x + 0.12 * a, 0.815, body - 4)
    if scene.anomalous and scene.look != "cooled":
        _fault(canvas, scene, (x, 0.55), (x + made.choice("wheel", [-1, 1]) * 0.35 * a, 0.8), 0.2 * a)


def _fault(canvas: Canvas, scene: Scene, engine: tuple[float, float], wheel: tuple[float, float], wide: float) -> None:
    made, size = scene.made, scene.made.uniform("size", 0.85, 1.3)
    kind = made.choice("fault", ["engine", "brake", "battery"])
    if kind == "engine":
        canvas.glow(*engine, wide * size, 0.15 * size, 42.0 * size)
        canvas.plume(
            scene.moment.generator("smoke"), engine[0], engine[1] - 0.1, 26.0 * size,
            angle=-1.57 + made.around("wind", 0.6), length=0.4, width=0.1,
        )  # fmt: skip
    elif kind == "brake":
        canvas.glow(*wheel, 0.08 * size, 0.08 * size, 60.0 * size)
        canvas.glow(*wheel, 0.16, 0.16, 12.0)
    else:
        canvas.glow(engine[0] + 2.2 * wide, 0.84, 1.6 * wide, 0.07 * size, 46.0 * size)
        canvas.plume(
            scene.moment.generator("flames"),
            engine[0] + 2.2 * wide,
            0.84,
            30.0 * size,
            angle=-1.57,
            length=0.3,
            width=0.2,
        )
