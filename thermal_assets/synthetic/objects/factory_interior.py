"""Halls with machines. The fault: a motor, bearing or conveyor that overheats, or a fire on the floor."""

from __future__ import annotations

from math import pi

import numpy as np

from thermal_assets.synthetic.canvas import Canvas
from thermal_assets.synthetic.scene import Scene

HORIZON = 0.36


def aspect(scene: Scene) -> float:
    """Width over height."""
    return scene.made.uniform("aspect", 1.15, 1.6)


def draw(canvas: Canvas, scene: Scene) -> None:
    """Trusses and lamps above, a floor in perspective, machines with motors, tanks and a conveyor."""
    made, a = scene.made, aspect(scene)
    room = scene.ambient * 0.5 + 10
    vanish = a * made.uniform("vanish", 0.35, 0.65)
    canvas.t[:] = np.float32(room) + np.float32(4) * np.clip(HORIZON - canvas.y, 0, 1)
    floor = np.float32(room - 3) + np.float32(1.5) * (canvas.y - HORIZON)
    np.copyto(canvas.t, floor, where=canvas.y > 0.46 + 0.3 * np.abs(canvas.x - np.float32(vanish)))
    canvas.texture(made.generator("room"), 0.6, cells=5)
    _far_wall(canvas, scene, a, room)
    for i in range(-4, 5):  # joints of the floor run to the vanishing point
        canvas.limb((vanish + 0.03 * i, 0.47), (vanish + 0.5 * i, 1.1), 0.004, room - 5, cover=0.6)
    for i in range(4):  # trusses, nearer ones lower in the picture and wider
        depth = 0.3 + 0.25 * i
        y = HORIZON - 0.42 * depth
        for x0, x1 in ((-a, 0.5 * a), (0.5 * a, 2 * a)):
            canvas.limb((x0, y), (x1, y), 0.006 + 0.006 * i, room + 0.5)
        for j in range(12):
            x, step = vanish + (j - 6) * 0.3 * depth, 0.15 * depth
            canvas.limb((x, y), (x + step, y - 0.07 * depth), 0.005, room + 0.5)
            canvas.limb((x + step, y - 0.07 * depth), (x + 2 * step, y), 0.005, room + 0.5)
    for i in range(made.integer("lamps", 2, 4)):
        x = a * (0.15 + 0.7 * i / 3) + made.around(f"lamp_{i}", 0.05)
        canvas.ellipse(x, 0.13, 0.035, 0.016, room + 16)
        canvas.glow(x, 0.13, 0.05, 0.03, 5.0)
    for i in range(6):  # columns of the hall
        x = vanish + (i - 2.5) * 0.34
        canvas.rect(x - 0.014, 0.1, x + 0.014, 0.52, room - 1.5)
    hot_spots = _machines(canvas, scene, a, room)
    if scene.anomalous:
        _fault(canvas, scene, a, hot_spots)


def _far_wall(canvas: Canvas, scene: Scene, a: float, room: float) -> None:
    """Shelves, ducts and windows at the end of the hall."""
    made = scene.made
    for i in range(made.integer("shelves", 5, 9)):
        x, high = a * made.uniform(f"shelf_x_{i}", 0, 1), made.uniform(f"shelf_h_{i}", 0.05, 0.17)
        wide = made.uniform(f"shelf_w_{i}", 0.03, 0.1)
        canvas.rect(x - wide, 0.54 - high, x + wide, 0.54, room + made.uniform(f"shelf_t_{i}", -3, 3))
    y = made.uniform("duct", 0.2, 0.27)
    canvas.limb((-1, y), (a + 1, y + made.around("duct_fall", 0.04)), 0.022, room + 5, shade=lambda u, v: -3 * v * v)
    for i in range(4):
        x = a * (0.1 + 0.25 * i)
        canvas.rect(x, 0.3, x + 0.13 * a, 0.38, scene.ambient * 0.6 + 4, cover=0.7)


def _machines(canvas: Canvas, scene: Scene, a: float, room: float) -> list[tuple[float, float]]:
    """Draws machines from the back to the front; returns where their motors are."""
    made, motors = scene.made, []
    count = made.integer("machines", 3, 5)
    for i in range(count):
        x = a * (0.13 + 0.74 * i / (count - 1)) + made.around(f"x_{i}", 0.04)
        base = 0.66 + made.uniform(f"base_{i}", 0, 0.22)
        size = 0.62 + 0.7 * (base - 0.5)
        kind = made.choice(f"kind_{i}", ["press", "vessel", "lathe"])
        warm = room + made.uniform(f"warm_{i}", 4, 10)
        canvas.rect(x - 0.17 * size, base - 0.02, x + 0.2 * size, base + 0.03, room - 5, soft=0.03)
        if kind == "press":
            canvas.rect(x - 0.15 * size, base - 0.62 * size, x + 0.15 * size, base, warm, shade=lambda u, v: -1.5 * v)
            canvas.rect(x - 0.09 * size, base - 0.36 * size, x + 0.09 * size, base - 0.14 * size, room - 1)
            canvas.rect(x - 0.11 * size, base - 0.72 * size, x + 0.11 * size, base - 0.6 * size, warm + 4, corner=0.01)
            motors.append((x, base - 0.66 * size))
        elif kind == "vessel":
            canvas.rect(
                x - 0.12 * size,
                base - 0.6 * size,
                x + 0.12 * size,
                base - 0.05 * size,
                warm + 3,
                corner=0.05,
                shade=lambda u, v: -4 * u * u,
            )
            canvas.limb((x, base - 0.6 * size), (x, 0.05), 0.02 * size, warm + 2)
            canvas.limb((x + 0.1 * size, base - 0.3 * size), (x + 0.3 * size, base - 0.3 * size), 0.02 * size, warm + 2)
            canvas.rect(x - 0.1 * size, base - 0.06 * size, x - 0.07 * size, base, room)
            canvas.rect(x + 0.07 * size, base - 0.06 * size, x + 0.1 * size, base, room)
            motors.append((x + 0.02, base - 0.12 * size))
        else:
            canvas.rect(x - 0.2 * size, base - 0.26 * size, x + 0.2 * size, base, warm - 1, shade=lambda u, v: -v)
            canvas.rect(x - 0.2 * size, base - 0.42 * size, x - 0.05 * size, base - 0.2 * size, warm + 1, corner=0.01)
            canvas.ellipse(x - 0.04 * size, base - 0.31 * size, 0.035 * size, 0.075 * size, warm + 6)
            canvas.limb((x, base - 0.3 * size), (x + 0.17 * size, base - 0.3 * size), 0.018 * size, warm + 3)
            motors.append((x - 0.14 * size, base - 0.3 * size))
    y = made.uniform("belt", 0.86, 0.92)
    canvas.rect(-1, y, a + 1, y + 0.035, room + 3)
    for i in range(14):
        canvas.ellipse(a * i / 12, y + 0.045, 0.018, 0.018, room + 5)
    canvas.rect(-1, y + 0.06, a + 1, y + 0.07, room - 2)
    return motors


def _fault(canvas: Canvas, scene: Scene, a: float, motors: list[tuple[float, float]]) -> None:
    made, size = scene.made, scene.made.uniform("size", 0.85, 1.3)
    kind = made.choice("fault", ["motor", "belt", "fire"])
    x, y = motors[made.integer("which", 0, len(motors) - 1)]
    if kind == "motor":
        canvas.glow(x, y, 0.06 * size, 0.05 * size, 48.0 * size)
        canvas.glow(x, y, 0.14, 0.12, 12.0)
    elif kind == "belt":
        x, y = a * made.uniform("belt_x", 0.2, 0.8), made.uniform("belt", 0.86, 0.92)
        canvas.glow(x, y + 0.04, 0.05 * size, 0.035 * size, 50.0 * size)
        canvas.glow(x, y + 0.02, 0.25 * size, 0.03, 18.0)
    else:
        x = a * made.uniform("fire_x", 0.25, 0.75)
        canvas.glow(x, 0.78, 0.07 * size, 0.06 * size, 40.0)
        canvas.plume(
            scene.moment.generator("fire"),
            x,
            0.8,
            55.0 * size,
            angle=-pi / 2 + made.around("lean", 0.3),
            length=0.3,
            width=0.07,
        )
