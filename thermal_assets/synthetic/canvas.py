"""What a scene is drawn on: shapes, and heat without an edge that glows, rises or runs down."""

from __future__ import annotations

from math import cos, sin

import numpy as np

from thermal_assets.synthetic.shapes import Shapes
from thermal_assets.synthetic.surface import Point, Pose, Shade
from thermal_assets.synthetic.textures import layered_noise

__all__ = ["Canvas", "Point", "Pose", "Shade"]


class Canvas(Shapes):
    """Shapes and heat; temperatures in degrees Celsius, lengths in object units."""

    def glow(self, x: float, y: float, rx: float, ry: float, rise: float, *, angle: float = 0.0) -> None:
        """Warmth (or cold, if negative) that fades as a bell curve of deviation rx, ry: conduction, sun, contact."""
        reach = 3 * max(rx, ry)
        window = self._window(x, y, reach, reach)
        if window is None:
            return
        a, b = self._local(window, x, y, angle)
        self.t[window] += np.float32(rise) * np.exp(-0.5 * ((a / np.float32(rx)) ** 2 + (b / np.float32(ry)) ** 2))

    def plume(
        self,
        rng: np.random.Generator,
        x: float,
        y: float,
        rise: float,
        *,
        angle: float,
        length: float,
        width: float,
        flare: float = 0.5,
    ) -> None:
        """Gas that escapes from (x, y) in direction ``angle`` (0 = right, pi/2 = down), widens, swirls and thins out."""
        dx, dy = self.x - np.float32(x), self.y - np.float32(y)
        along = dx * np.float32(cos(angle)) + dy * np.float32(sin(angle))
        swirl = layered_noise(rng, self.height, self.width, cells=4, octaves=4, fall=0.65)
        ahead = np.maximum(along, 0)
        across = dy * np.float32(cos(angle)) - dx * np.float32(sin(angle)) + np.float32(0.12) * swirl * ahead
        wide = np.float32(width) * (1 + np.float32(flare) * ahead / np.float32(width))
        body = np.exp(-0.5 * (across / wide) ** 2 - ahead / np.float32(length))
        body *= np.clip(1 + along / np.float32(0.5 * width), 0, 1) * np.clip(0.8 + 0.35 * swirl, 0.1, 1.5)
        self.t += np.float32(rise) * body

    def streak(self, rng: np.random.Generator, x: float, y0: float, y1: float, width: float, rise: float) -> None:
        """Liquid running down from (x, y0) to y1: a wavering trail with a few arms that fades downwards."""
        window = self._window(x, (y0 + y1) / 2, 5 * width, abs(y1 - y0) / 2 + width)
        if window is None:
            return
        px, py = self.x[window], self.y[window]
        fall = np.clip((py - np.float32(y0)) / np.float32(max(y1 - y0, 1e-6)), 0, 1)
        knots = np.linspace(0, 1, 9)
        body = np.zeros_like(px)
        for arm in range(3):
            path = np.interp(fall, knots, np.cumsum(rng.normal(0, 0.35 * width, 9))).astype(np.float32)
            thick = np.float32(width * (0.5 if arm else 1.0) * rng.uniform(0.4, 0.8)) * (1 - np.float32(0.45) * fall)
            path += np.float32(arm and rng.normal(0, width))
            reach = np.float32(1.0 if arm == 0 else rng.uniform(0.4, 0.8))
            trail = np.exp(-0.5 * ((px - np.float32(x) - path) / thick) ** 2) * np.clip((reach - fall) * 12, 0, 1)
            body = np.maximum(body, trail)
        edge = np.clip((py - np.float32(y0)) / np.float32(0.3 * width) + 1, 0, 1)
        self.t[window] += np.float32(rise) * body * edge * (1 - np.float32(0.4) * fall)

    def patch(self, rng: np.random.Generator, x: float, y: float, rx: float, ry: float, rise: float) -> None:
        """An area with a ragged edge that is warmer (or colder): lost insulation, moisture, corrosion."""
        window = self._window(x, y, 1.6 * rx, 1.6 * ry)
        if window is None:
            return
        u, v = (self.x[window] - np.float32(x)) / np.float32(rx), (self.y[window] - np.float32(y)) / np.float32(ry)
        ragged = layered_noise(rng, *u.shape, cells=4, octaves=4)
        body = np.clip(1.6 * (1 - np.sqrt(u * u + v * v) + np.float32(0.22) * ragged), 0, 1)
        self.t[window] += np.float32(rise) * body * (1 + np.float32(0.15) * ragged)

    def texture(
        self, rng: np.random.Generator, strength: float, *, cells: float = 4, octaves: int = 5, stretch: float = 1.0
    ) -> None:
        """Adds layered noise of deviation ``strength`` (kelvin) to everything drawn so far."""
        self.t += np.float32(strength) * layered_noise(
            rng, self.height, self.width, cells=cells, octaves=octaves, stretch=stretch
        )
