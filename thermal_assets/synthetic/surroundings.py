"""What lies behind an object: sky, ground, walls."""

from __future__ import annotations

import numpy as np

from thermal_assets.synthetic.canvas import Canvas
from thermal_assets.synthetic.scene import Scene
from thermal_assets.synthetic.textures import layered_noise

COLD_SKY_C = np.float32(-16.0)


def sky(canvas: Canvas, scene: Scene, horizon: float) -> None:
    """Cold overhead, near air temperature at the horizon; clouds hold it warmer. Fills the crop above ``horizon``."""
    overcast = scene.made.uniform("overcast")
    depth = 22 - 14 * overcast
    height = np.clip((np.float32(horizon) - canvas.y) / np.float32(1.1), 0, 1)
    clouds = layered_noise(scene.made.generator("clouds"), canvas.height, canvas.width, cells=2.5, stretch=1.8)
    sky_t = np.float32(scene.ambient - 6) - np.float32(depth) * height**0.7 + clouds * np.float32(0.6 + 1.6 * overcast)
    # Below what the camera measures a clear sky differs ever less from a colder one, as haze near the ground does.
    sky_t = np.where(sky_t < COLD_SKY_C, COLD_SKY_C + np.float32(0.15) * (sky_t - COLD_SKY_C), sky_t)
    np.copyto(canvas.t, sky_t, where=canvas.y < horizon)


def ground(canvas: Canvas, scene: Scene, top: float, *, rough: float = 1.0) -> None:
    """Soil, gravel or asphalt from ``top`` downwards: warmed by the sun, cool at night."""
    warm = scene.ambient + scene.made.uniform("ground", -2.5, 1.5) + 6 * scene.sun
    grain = layered_noise(scene.made.generator("gravel"), canvas.height, canvas.width, cells=7, octaves=5, stretch=1.6)
    soil = np.float32(warm) + grain * np.float32(0.7 * rough) + np.float32(1.5) * (canvas.y - np.float32(top))
    np.copyto(canvas.t, soil, where=canvas.y >= top)


def wall(canvas: Canvas, scene: Scene, rise: float = 0.0) -> None:
    """A flat wall behind everything: a slow gradient, stains, and joints or bricks on some."""
    made = scene.made
    base = scene.ambient + rise + 3 * scene.sun + made.around("wall", 1.5)
    canvas.t[:] = np.float32(base)
    canvas.t += np.float32(made.around("wall_x", 2.0)) * (canvas.x - np.float32(0.5))
    canvas.t += np.float32(made.uniform("wall_y", -2.5, 1.0)) * (canvas.y - np.float32(0.5))
    canvas.texture(made.generator("stains"), 0.45, cells=3)
    joints = made.choice("joints", ["none", "panels", "bricks"], [0.4, 0.4, 0.2])
    if joints == "panels":
        pitch, first = made.uniform("pitch", 0.35, 0.8), made.uniform("first", 0, 0.3)
        for i in range(-3, 12):
            canvas.rect(first + i * pitch - 0.006, -1, first + i * pitch + 0.006, 2, base - 1.2, cover=0.7)
    elif joints == "bricks":
        rows = np.float32(made.uniform("bricks", 9, 14))
        course = np.abs((canvas.y * rows) % 1 - 0.5) > 0.44
        canvas.t -= np.float32(0.8) * course
