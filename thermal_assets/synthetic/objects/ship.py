"""Ships on the water. The fault: an engine room that heats the hull, a fire on deck, oil on the water."""

from __future__ import annotations

import numpy as np

from thermal_assets.synthetic.canvas import Canvas
from thermal_assets.synthetic.scene import Scene
from thermal_assets.synthetic.surroundings import sky
from thermal_assets.synthetic.textures import layered_noise

WATERLINE = 0.76


def aspect(scene: Scene) -> float:
    """Width over height."""
    return scene.made.uniform("aspect", 1.6, 2.6)


def draw(canvas: Canvas, scene: Scene) -> None:
    """A freighter, tanker or fishing boat: hull, superstructure, funnel, masts, and its mirror image in the waves."""
    made, a = scene.made, aspect(scene)
    sky(canvas, scene, made.uniform("horizon", 0.5, 0.62))
    water = _water(canvas, scene, made.uniform("horizon", 0.5, 0.62))
    hull = scene.ambient + made.uniform("hull", 4, 8) + 4 * scene.sun
    bow, stern = 0.03 * a, 0.97 * a
    deck = made.uniform("deck", 0.52, 0.58)
    canvas.polygon(
        [(0.07 * a, WATERLINE), (stern - 0.05, WATERLINE), (stern - 0.08, 0.95), (0.12 * a, 0.95)],
        water + 2.5,
        cover=0.55,
    )
    canvas.polygon(
        [(bow, deck - 0.05), (0.2 * a, deck), (stern, deck), (stern - 0.03, WATERLINE), (0.09 * a, WATERLINE)], hull,
        shade=lambda u, v: -1.5 * v - u,
    )  # fmt: skip
    canvas.polygon(
        [
            (0.08 * a, WATERLINE - 0.055),
            (stern - 0.02, WATERLINE - 0.055),
            (stern - 0.03, WATERLINE),
            (0.09 * a, WATERLINE),
        ],
        hull - 5,
    )
    canvas.limb((bow, deck - 0.05), (stern, deck), 0.007, hull - 3)
    for i in range(6):
        canvas.ellipse(a * (0.25 + 0.09 * i), deck + 0.06, 0.012, 0.012, hull + 3)
    house, wide = a * made.uniform("house", 0.72, 0.8), 0.13 * a
    canvas.rect(house - wide, deck - 0.17, house + wide, deck + 0.01, hull + 2, shade=lambda u, v: -v)
    canvas.rect(house - 0.75 * wide, deck - 0.29, house + 0.6 * wide, deck - 0.16, hull + 1.5)
    canvas.rect(house - 0.85 * wide, deck - 0.36, house + 0.45 * wide, deck - 0.28, hull + 1)
    canvas.rect(house - 0.8 * wide, deck - 0.345, house + 0.4 * wide, deck - 0.315, hull - 9)  # the bridge windows
    for i in range(5):
        canvas.rect(
            house - 0.85 * wide + 0.34 * wide * i,
            deck - 0.12,
            house - 0.7 * wide + 0.34 * wide * i,
            deck - 0.08,
            hull - 5,
        )
    funnel = house + 0.72 * wide
    heat = scene.ambient + made.uniform("funnel", 22, 34)
    canvas.polygon(
        [
            (funnel - 0.05, deck - 0.16),
            (funnel - 0.035, deck - 0.42),
            (funnel + 0.04, deck - 0.42),
            (funnel + 0.055, deck - 0.16),
        ],
        heat,
        shade=lambda u, v: -7 * v - 2 * u * u,
    )
    canvas.plume(
        scene.moment.generator("smoke"),
        funnel,
        deck - 0.42,
        16.0,
        angle=-0.7 + made.around("wind", 0.5),
        length=0.18,
        width=0.035,
    )
    _cargo(canvas, scene, a, deck, hull, house - wide)
    canvas.limb((house - 0.2 * wide, deck - 0.35), (house - 0.2 * wide, deck - 0.5), 0.008, hull - 3)
    canvas.limb((bow + 0.1, deck - 0.03), (bow + 0.1, deck - 0.2), 0.008, hull - 4)
    if scene.anomalous:
        _fault(canvas, scene, a, deck, house)


def _water(canvas: Canvas, scene: Scene, horizon: float) -> float:
    """Draws the sea and returns its temperature: it follows the weather slowly and mirrors the sky far out."""
    base = 0.55 * scene.ambient + 6
    waves = layered_noise(
        scene.moment.generator("waves"), canvas.height, canvas.width, cells=9, octaves=4, stretch=0.35
    )
    near = np.clip((canvas.y - np.float32(horizon)) / np.float32(1 - horizon), 0, 1)
    ripples = np.sin((canvas.y * 70 + waves * 1.2) / (0.35 + 0.9 * near)) * 0.5
    sea = np.float32(base) - np.float32(5) * (1 - near) + (waves * 0.5 + ripples) * (0.3 + near)
    np.copyto(canvas.t, sea.astype(np.float32), where=canvas.y >= horizon)
    return base


def _cargo(canvas: Canvas, scene: Scene, a: float, deck: float, hull: float, until: float) -> None:
    made = scene.made
    kind = made.choice("cargo", ["containers", "tanker", "crane"])
    if kind == "containers":
        count = made.integer("stacks", 4, 6)
        width = (until - 0.2 * a - 0.02) / count
        for i in range(count):
            for level in range(made.integer(f"stack_{i}", 1, 3)):
                x, y = 0.2 * a + i * width, deck - 0.075 * (level + 1)
                canvas.rect(
                    x + 0.04 * width, y, x + 0.96 * width, y + 0.07, hull + made.uniform(f"box_{i}_{level}", -5, 2)
                )
    elif kind == "tanker":
        canvas.limb((0.2 * a, deck - 0.03), (until, deck - 0.03), 0.012, hull + 5)
        for i in range(4):
            x = 0.25 * a + i * (until - 0.25 * a) / 4
            canvas.ellipse(x, deck - 0.02, 0.05, 0.045, hull + 2.5)
            canvas.limb((x + 0.05, deck), (x + 0.05, deck - 0.09), 0.008, hull - 2)
    else:
        for x in (0.3 * a, 0.48 * a):
            canvas.rect(x - 0.015, deck - 0.27, x + 0.015, deck, hull)
            canvas.limb((x, deck - 0.25), (x + 0.13 * a, deck - 0.12), 0.01, hull - 2)
            canvas.rect(x + 0.02, deck - 0.05, x + 0.1 * a, deck, hull - 3)


def _fault(canvas: Canvas, scene: Scene, a: float, deck: float, house: float) -> None:
    made, rng = scene.made, scene.made.generator("fault")
    size = made.uniform("size", 0.85, 1.3)
    kind = made.choice("fault", ["engine_room", "fire", "oil"])
    if kind == "engine_room":
        canvas.patch(rng, house, 0.5 * (deck + WATERLINE), 0.14 * a * size, 0.11, 30.0 * size)
        canvas.glow(house, 0.5 * (deck + WATERLINE), 0.06 * a, 0.05, 14.0)
    elif kind == "fire":
        x = a * made.uniform("fire_x", 0.3, 0.6)
        canvas.glow(x, deck - 0.03, 0.07 * size, 0.05 * size, 45.0)
        canvas.plume(
            scene.moment.generator("flames"),
            x,
            deck,
            52.0 * size,
            angle=-1.4 + made.around("lean", 0.6),
            length=0.35,
            width=0.08,
        )
    else:
        x = a * made.uniform("oil_x", 0.2, 0.6)
        canvas.patch(rng, x, 0.88, 0.3 * a * size, 0.12, 16.0 * size)
        canvas.streak(rng, x, deck + 0.1, 0.85, 0.05, 14.0)
