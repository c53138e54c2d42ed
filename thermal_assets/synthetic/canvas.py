"""A field of temperatures to draw on: shapes with soft edges, heat that glows, plumes and streaks.

Shapes are given in object units: x to the right, y downwards, the object 1 unit high. Each shape touches only the
pixels it covers, which keeps a crop of forty shapes at a few milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import cos, hypot, sin

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from thermal_assets.synthetic.textures import Field, layered_noise

Shade = Callable[[Field, Field], Field]
Heat = float | Field
Point = tuple[float, float]


@dataclass(frozen=True)
class Pose:
    """How object units lie in the crop: the box seen (x0, y0, x1, y1 in object units), tilt in radians, mirrored."""

    x0: float
    y0: float
    x1: float
    y1: float
    tilt: float = 0.0
    mirrored: bool = False


class Canvas:
    """Temperatures in degrees Celsius, float32[height, width], and the shapes that change them.

    ``temperature`` of a shape is what its surface has. ``shade(u, v)`` adds to it, u and v running from -1 to 1
    across the shape. ``cover`` below 1 lets through what lies behind.
    """

    def __init__(self, width: int, height: int, pose: Pose, temperature: float) -> None:
        self.width, self.height = width, height
        self.t: Field = np.full((height, width), temperature, dtype=np.float32)
        centre_x, centre_y = (pose.x0 + pose.x1) / 2, (pose.y0 + pose.y1) / 2
        step_x, step_y = (pose.x1 - pose.x0) / width, (pose.y1 - pose.y0) / height
        columns = (np.arange(width, dtype=np.float32) + 0.5 - width / 2)[None, :] * np.float32(step_x)
        rows = (np.arange(height, dtype=np.float32) + 0.5 - height / 2)[:, None] * np.float32(step_y)
        if pose.mirrored:
            columns = -columns
        c, s = np.float32(cos(pose.tilt)), np.float32(sin(pose.tilt))
        self.x: Field = c * columns - s * rows + np.float32(centre_x)
        self.y: Field = s * columns + c * rows + np.float32(centre_y)
        self.pixel = (step_x + step_y) / 2
        self._centre = (centre_x, centre_y)
        self._steps = (-step_x if pose.mirrored else step_x, step_y)
        self._turn = (cos(pose.tilt), sin(pose.tilt))

    # Shapes -----------------------------------------------------------------------------------------------------

    def rect(
        self,
        x0: float,
        y0: float,
        x1: float,
        y1: float,
        temperature: Heat,
        *,
        angle: float = 0.0,
        corner: float = 0.0,
        shade: Shade | None = None,
        cover: float = 1.0,
        soft: float = 0.0,
    ) -> None:
        """A rectangle, turned by ``angle`` about its centre, with rounded corners of radius ``corner``."""
        centre_x, centre_y, half_w, half_h = (x0 + x1) / 2, (y0 + y1) / 2, abs(x1 - x0) / 2, abs(y1 - y0) / 2
        reach = (hypot(half_w, half_h),) * 2 if angle else (half_w, half_h)
        window = self._window(centre_x, centre_y, reach[0] + soft, reach[1] + soft)
        if window is None:
            return
        a, b = self._local(window, centre_x, centre_y, angle)
        dx, dy = np.abs(a) - np.float32(half_w - corner), np.abs(b) - np.float32(half_h - corner)
        if corner:
            gap = (
                np.hypot(np.maximum(dx, 0), np.maximum(dy, 0)) + np.minimum(np.maximum(dx, dy), 0) - np.float32(corner)
            )
        else:
            gap = np.maximum(dx, dy)
        self._paint(window, gap, temperature, (a / max(half_w, 1e-6), b / max(half_h, 1e-6)), shade, cover, soft)

    def ellipse(
        self,
        x: float,
        y: float,
        rx: float,
        ry: float,
        temperature: Heat,
        *,
        angle: float = 0.0,
        shade: Shade | None = None,
        cover: float = 1.0,
        soft: float = 0.0,
    ) -> None:
        """A filled ellipse."""
        reach = max(rx, ry) if angle else 0.0
        window = self._window(x, y, max(rx, reach) + soft, max(ry, reach) + soft)
        if window is None:
            return
        a, b = self._local(window, x, y, angle)
        u, v = a / np.float32(rx), b / np.float32(ry)
        gap = (np.sqrt(u * u + v * v) - 1) * np.float32(min(rx, ry))
        self._paint(window, gap, temperature, (u, v), shade, cover, soft)

    def ring(
        self,
        x: float,
        y: float,
        rx: float,
        ry: float,
        thickness: float,
        temperature: Heat,
        *,
        angle: float = 0.0,
        cover: float = 1.0,
    ) -> None:
        """The outline of an ellipse, ``thickness`` wide."""
        reach = max(rx, ry) + thickness
        window = self._window(x, y, reach, reach)
        if window is None:
            return
        a, b = self._local(window, x, y, angle)
        u, v = a / np.float32(rx), b / np.float32(ry)
        gap = np.abs((np.sqrt(u * u + v * v) - 1) * np.float32(min(rx, ry))) - np.float32(thickness / 2)
        self._paint(window, gap, temperature, (u, v), None, cover, 0.0)

    def limb(
        self,
        start: Point,
        end: Point,
        radius: float,
        temperature: Heat,
        *,
        end_radius: float | None = None,
        shade: Shade | None = None,
        cover: float = 1.0,
        soft: float = 0.0,
    ) -> None:
        """A rod with round ends from ``start`` to ``end``; u runs along it (-1 to 1), v across."""
        last = radius if end_radius is None else end_radius
        widest = max(radius, last)
        window = self._window(
            (start[0] + end[0]) / 2,
            (start[1] + end[1]) / 2,
            abs(end[0] - start[0]) / 2 + widest + soft,
            abs(end[1] - start[1]) / 2 + widest + soft,
        )
        if window is None:
            return
        along, across = end[0] - start[0], end[1] - start[1]
        length = max(hypot(along, across), 1e-6)
        x, y = self.x[window] - np.float32(start[0]), self.y[window] - np.float32(start[1])
        s = np.clip((x * np.float32(along) + y * np.float32(across)) / np.float32(length**2), 0, 1)
        wide = np.float32(radius) + s * np.float32(last - radius)
        gap = np.hypot(x - s * np.float32(along), y - s * np.float32(across)) - wide
        side = (y * np.float32(along) - x * np.float32(across)) / np.float32(length) / wide
        self._paint(window, gap, temperature, (2 * s - 1, np.clip(side, -1, 1)), shade, cover, soft)

    def polygon(
        self,
        points: Sequence[Point],
        temperature: Heat,
        *,
        shade: Shade | None = None,
        cover: float = 1.0,
    ) -> None:
        """A filled polygon."""
        xs, ys = [p[0] for p in points], [p[1] for p in points]
        half_w, half_h = (max(xs) - min(xs)) / 2, (max(ys) - min(ys)) / 2
        x, y = min(xs) + half_w, min(ys) + half_h
        window = self._window(x, y, half_w, half_h)
        if window is None:
            return
        rows, columns = window
        mask = Image.new("L", (2 * (columns.stop - columns.start), 2 * (rows.stop - rows.start)))
        corners = [self._to_pixel(*point) for point in points]
        ImageDraw.Draw(mask).polygon(
            [(2 * (px - columns.start), 2 * (py - rows.start)) for px, py in corners], fill=255
        )
        alpha = np.asarray(mask.reduce(2), dtype=np.float32) / np.float32(255)
        u = (self.x[window] - np.float32(x)) / np.float32(max(half_w, 1e-6))
        v = (self.y[window] - np.float32(y)) / np.float32(max(half_h, 1e-6))
        self._blend(window, alpha, temperature, (u, v), shade, cover)

    # Heat without an edge ---------------------------------------------------------------------------------------

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

    # Inside -----------------------------------------------------------------------------------------------------

    def _to_pixel(self, x: float, y: float) -> Point:
        dx, dy = x - self._centre[0], y - self._centre[1]
        c, s = self._turn
        return (
            (c * dx + s * dy) / self._steps[0] + self.width / 2,
            (-s * dx + c * dy) / self._steps[1] + self.height / 2,
        )

    def _window(self, x: float, y: float, half_w: float, half_h: float) -> tuple[slice, slice] | None:
        """The pixels of a box in object units, with a margin of two; None if it lies outside the crop."""
        corners = [self._to_pixel(x + sx * half_w, y + sy * half_h) for sx in (-1, 1) for sy in (-1, 1)]
        left = max(0, int(min(c[0] for c in corners)) - 2)
        right = min(self.width, int(max(c[0] for c in corners)) + 3)
        top = max(0, int(min(c[1] for c in corners)) - 2)
        bottom = min(self.height, int(max(c[1] for c in corners)) + 3)
        return (slice(top, bottom), slice(left, right)) if left < right and top < bottom else None

    def _local(self, window: tuple[slice, slice], x: float, y: float, angle: float) -> tuple[Field, Field]:
        dx, dy = self.x[window] - np.float32(x), self.y[window] - np.float32(y)
        if not angle:
            return dx, dy
        c, s = np.float32(cos(angle)), np.float32(sin(angle))
        return c * dx + s * dy, c * dy - s * dx

    def _paint(
        self,
        window: tuple[slice, slice],
        gap: Field,
        temperature: Heat,
        across: tuple[Field, Field],
        shade: Shade | None,
        cover: float,
        soft: float,
    ) -> None:
        width = max(self.pixel, soft)
        self._blend(window, np.clip(0.5 - gap / np.float32(width), 0, 1), temperature, across, shade, cover)

    def _blend(
        self,
        window: tuple[slice, slice],
        alpha: Field,
        temperature: Heat,
        across: tuple[Field, Field],
        shade: Shade | None,
        cover: float,
    ) -> None:
        under: NDArray[np.float32] = self.t[window]
        surface: Heat = temperature if isinstance(temperature, float | int) else temperature[window]
        if shade is not None:
            surface = surface + shade(*across)
        under += np.float32(cover) * alpha * (np.asarray(surface, dtype=np.float32) - under)
