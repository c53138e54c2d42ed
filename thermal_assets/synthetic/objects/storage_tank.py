"""Storage tanks: upright cylinders and spheres. The fault: product leaks, or the wall has a hot patch."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from thermal_assets.synthetic.canvas import Canvas, Shade
from thermal_assets.synthetic.scene import Scene
from thermal_assets.synthetic.surroundings import ground, sky
from thermal_assets.synthetic.textures import Field


def _is_sphere(scene: Scene) -> bool:
    return scene.made.happens("sphere", 0.3)


def aspect(scene: Scene) -> float:
    """Width over height."""
    return scene.made.uniform("aspect", 1.0, 1.12) if _is_sphere(scene) else scene.made.uniform("aspect", 0.8, 1.45)


def draw(canvas: Canvas, scene: Scene) -> None:
    """A tank under the sky; its content shows as a warmer lower part."""
    made, a = scene.made, aspect(scene)
    sky(canvas, scene, 0.9)
    ground(canvas, scene, 0.9)
    if made.happens("neighbour", 0.5):  # another tank, far behind
        x = a * made.choice("neighbour_x", [0.02, 0.98])
        canvas.rect(x - 0.22 * a, 0.55, x + 0.22 * a, 0.9, scene.ambient + 1.5, shade=lambda u, v: -2 * u * u)
    warm = scene.ambient + made.uniform("content", 6, 20)
    level = made.uniform("level", -0.5, 0.6)
    rise = made.uniform("level_rise", 2.0, 5.5)
    side = made.choice("sun_side", [-1, 1]) * (1 + 4 * scene.sun)

    def shell(u: Field, v: Field) -> Field:
        full = np.clip((v - np.float32(level)) * 14, 0, 1)
        return np.float32(rise) * (full - 1) - np.float32(6) * u**4 - np.float32(2) * u * u + np.float32(side) * u

    if _is_sphere(scene):
        _sphere(canvas, scene, a, warm, shell)
    else:
        _cylinder(canvas, scene, a, warm, shell)
    if scene.anomalous:
        _fault(canvas, scene, a)


def _cylinder(canvas: Canvas, scene: Scene, a: float, warm: float, shell: Shade) -> None:
    made = scene.made
    left, right, top = 0.07 * a, 0.93 * a, 0.2
    roof = scene.ambient - 3 + 5 * scene.sun
    if made.happens("dome", 0.5):
        canvas.ellipse(a / 2, top + 0.01, (right - left) / 2, 0.12, roof, shade=lambda u, v: 2 * v - u * u)
    else:
        canvas.polygon([(left, top + 0.01), (a / 2, 0.08), (right, top + 0.01)], roof, shade=lambda u, v: 2 * v - u * u)
    canvas.rect(left, top, right, 0.93, warm, shade=shell)
    canvas.ellipse(a / 2, 0.93, (right - left) / 2, 0.025, warm - 5)
    for i in range(1, made.integer("plates", 4, 7)):
        y = top + i * 0.73 / made.integer("plates", 4, 7)
        canvas.rect(left, y - 0.004, right, y + 0.004, warm - 6, cover=0.55)
    canvas.rect(left, top - 0.012, right, top + 0.012, scene.ambient - 4, cover=0.8)  # the kerb of the roof
    for i in range(9):  # its railing
        x = left + (right - left) * i / 8
        canvas.limb((x, top), (x, top - 0.06), 0.004, scene.ambient - 2)
    # a stair winds up the shell
    start, end = made.choice("stair", [(0.15, 0.75), (0.85, 0.3), (0.25, 0.9)])
    points = [(left + (right - left) * (start + (end - start) * s), 0.92 - 0.7 * s) for s in np.linspace(0, 1, 12)]
    for p, q in pairwise(points):
        canvas.limb(p, q, 0.011, scene.ambient - 1)
        canvas.limb((p[0], p[1] - 0.045), (q[0], q[1] - 0.045), 0.004, scene.ambient - 1)
    x = left + (right - left) * made.uniform("outlet", 0.2, 0.8)
    canvas.limb((x, 0.87), (x + 0.2 * a, 0.93), 0.022, warm + 3, shade=lambda u, v: -3 * v * v)
    canvas.ellipse(x, 0.86, 0.045, 0.05, warm + 1.5)
    canvas.ring(x, 0.86, 0.045, 0.05, 0.012, warm - 5)


def _sphere(canvas: Canvas, scene: Scene, a: float, warm: float, shell: Shade) -> None:
    made, radius = scene.made, 0.40
    x, y = a / 2, 0.46
    for i in range(made.integer("legs", 5, 7)):
        leg = x + radius * 0.95 * np.sin(np.linspace(-1.4, 1.4, made.integer("legs", 5, 7))[i])
        canvas.limb((leg, y), (leg, 0.95), 0.018, scene.ambient - 1, shade=lambda u, v: 1 - 3 * v * v)
    for sign in (-1, 1):
        canvas.limb((x - sign * radius * 0.8, 0.66), (x + sign * radius * 0.8, 0.94), 0.006, scene.ambient - 2)
    rim = made.uniform("rim", 4, 8)
    canvas.ellipse(x, y, radius, radius, warm, shade=lambda u, v: shell(u, v) - np.float32(rim) * (v * v) * (v < 0))
    canvas.ring(x, y, radius, 0.05, 0.008, warm - 6, cover=0.6)
    canvas.limb((x - 0.42 * a, 0.93), (x - 0.1, 0.12), 0.012, scene.ambient - 2)  # the stair to the top
    canvas.rect(x - 0.13, 0.035, x + 0.13, 0.055, scene.ambient - 2)
    canvas.limb((x, 0.06), (x, 0.01), 0.03, scene.ambient + 2)


def _fault(canvas: Canvas, scene: Scene, a: float) -> None:
    made, rng = scene.made, scene.made.generator("fault")
    x = a * made.uniform("fault_x", 0.25, 0.75)
    y = made.uniform("fault_y", 0.3, 0.55)
    kind = made.choice("fault", ["cold_leak", "hot_patch", "vapour"])
    size = made.uniform("fault_size", 0.8, 1.3)
    if kind == "cold_leak":
        canvas.streak(rng, x, y, 0.95, 0.05 * size, -15.0 * size)
        canvas.patch(rng, x, 0.95, 0.22 * size, 0.045, -10.0)
    elif kind == "hot_patch":
        canvas.patch(rng, x, y, 0.17 * size, 0.14 * size, 22.0 * size)
        canvas.glow(x, y, 0.08, 0.07, 10.0)
    else:
        canvas.plume(
            scene.moment.generator("vapour"), x, 0.16, 26.0 * size,
            angle=-1.57 + made.around("wind", 0.9), length=0.5, width=0.045,
        )  # fmt: skip
        canvas.patch(rng, x, 0.2, 0.1, 0.05, 16.0)
