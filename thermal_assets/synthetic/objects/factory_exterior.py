"""Factory buildings from outside. The fault: heat lost through wall or roof, a burning stack, fire behind windows."""

from __future__ import annotations

import numpy as np

from thermal_assets.synthetic.canvas import Canvas
from thermal_assets.synthetic.scene import Scene
from thermal_assets.synthetic.surroundings import ground, sky

LEFT, TOP, BOTTOM = 0.04, 0.34, 0.9


def aspect(scene: Scene) -> float:
    """Width over height."""
    return scene.made.uniform("aspect", 1.3, 2.0)


def draw(canvas: Canvas, scene: Scene) -> None:
    """A hall with windows, gate and stack; the roof flat, pitched or a saw-tooth."""
    made, a = scene.made, aspect(scene)
    sky(canvas, scene, 0.86)
    ground(canvas, scene, 0.86)
    facade = scene.ambient + made.uniform("facade", 3, 7) + 5 * scene.sun
    right = a - LEFT
    stacks = [LEFT + (right - LEFT) * x for x in (made.uniform("stack_a", 0.1, 0.3), made.uniform("stack_b", 0.7, 0.9))]
    stacks = stacks[: made.integer("stacks", 1, 2)]
    for i, x in enumerate(stacks):
        top = made.uniform(f"stack_top_{i}", 0.02, 0.1)
        canvas.rect(x - 0.035, top, x + 0.035, TOP + 0.1, scene.ambient + 9, shade=lambda u, v: -3 * u * u - 2 * v)
        canvas.rect(x - 0.042, top, x + 0.042, top + 0.03, scene.ambient + 13)
        canvas.plume(
            scene.moment.generator(f"smoke_{i}"), x, top, 7.0,
            angle=-1.2 + made.around("wind", 0.8), length=0.25, width=0.03,
        )  # fmt: skip
    _roof(canvas, scene, right)
    canvas.rect(LEFT, TOP, right, BOTTOM, facade, shade=lambda u, v: -2 * v + np.float32(made.around("lit", 2)) * u)
    bays = made.integer("bays", 4, 8)
    width = (right - LEFT) / bays
    for i in range(bays + 1):
        canvas.rect(LEFT + i * width - 0.008, TOP, LEFT + i * width + 0.008, BOTTOM, facade - 2.2, cover=0.8)
    rows = made.integer("window_rows", 1, 2)
    gate = made.integer("gate", 0, bays - 1)
    for row in range(rows):
        y = TOP + 0.09 + row * 0.2
        for i in range(bays):
            if i == gate and row == rows - 1:
                continue
            x = LEFT + (i + 0.18) * width
            glass = (
                facade + made.uniform(f"glass_{row}_{i}", -9, -3) + (9 if made.happens(f"lit_{row}_{i}", 0.12) else 0)
            )
            canvas.rect(x, y, x + 0.64 * width, y + 0.12, glass)
            canvas.rect(x + 0.31 * width, y, x + 0.33 * width, y + 0.12, facade - 1)
    x = LEFT + (gate + 0.12) * width
    canvas.rect(x, BOTTOM - 0.27, x + 0.76 * width, BOTTOM, facade - 3.5)
    for i in range(5):
        canvas.rect(x, BOTTOM - 0.25 + 0.05 * i, x + 0.76 * width, BOTTOM - 0.245 + 0.05 * i, facade - 5)
    canvas.limb((LEFT, TOP + 0.05), (right, TOP + 0.05), 0.012, facade + 3)  # a pipe below the eaves
    if scene.anomalous:
        _fault(canvas, scene, right, stacks)


def _roof(canvas: Canvas, scene: Scene, right: float) -> None:
    made, cold = scene.made, scene.ambient - 5 + 7 * scene.sun
    kind = made.choice("roof", ["flat", "pitched", "saw"], [0.35, 0.3, 0.35])
    if kind == "flat":
        canvas.rect(LEFT - 0.02, TOP - 0.035, right + 0.02, TOP + 0.01, cold)
        for i in range(made.integer("vents", 1, 3)):
            x = LEFT + (right - LEFT) * made.uniform(f"vent_{i}", 0.3, 0.7)
            canvas.rect(x - 0.04, TOP - 0.09, x + 0.04, TOP - 0.03, scene.ambient + 5)
    elif kind == "pitched":
        middle = (LEFT + right) / 2
        canvas.polygon(
            [(LEFT - 0.03, TOP + 0.01), (middle, TOP - 0.15), (right + 0.03, TOP + 0.01)],
            cold,
            shade=lambda u, v: 2 * v,
        )
    else:
        teeth = made.integer("teeth", 4, 6)
        width = (right - LEFT) / teeth
        for i in range(teeth):
            x = LEFT + i * width
            canvas.polygon([(x, TOP + 0.01), (x, TOP - 0.12), (x + width, TOP + 0.01)], cold)
            canvas.rect(x, TOP - 0.11, x + 0.02, TOP, scene.ambient + 6)


def _fault(canvas: Canvas, scene: Scene, right: float, stacks: list[float]) -> None:
    made, rng = scene.made, scene.made.generator("fault")
    size = made.uniform("size", 0.85, 1.3)
    x = LEFT + (right - LEFT) * made.uniform("x", 0.2, 0.8)
    kind = made.choice("fault", ["wall", "roof", "stack", "fire"])
    if kind == "wall":
        canvas.patch(rng, x, made.uniform("y", 0.5, 0.75), 0.24 * size, 0.16 * size, 20.0 * size)
    elif kind == "roof":
        canvas.patch(rng, x, TOP - 0.01, 0.3 * size, 0.06 * size, 24.0 * size)
        canvas.plume(scene.moment.generator("heat"), x, TOP - 0.03, 12.0 * size, angle=-1.5, length=0.15, width=0.08)
    elif kind == "stack":
        canvas.plume(
            scene.moment.generator("burning"), stacks[0], 0.07, 48.0 * size,
            angle=-1.0 + made.around("wind", 0.8), length=0.3, width=0.045, flare=0.35,
        )  # fmt: skip
        canvas.glow(stacks[0], 0.1, 0.03, 0.08, 30.0)
    else:
        canvas.glow(x, 0.55, 0.05 * size, 0.06 * size, 48.0 * size)
        canvas.plume(
            scene.moment.generator("fire"), x, 0.5, 36.0 * size,
            angle=-1.57 + made.around("wind", 0.5), length=0.25 * size, width=0.035,
        )  # fmt: skip
