"""Shapes with soft edges, drawn onto a field of temperatures.

Shapes are given in object units: x to the right, y downwards, the object 1 unit high. Each shape touches only the
pixels it covers, which keeps a crop of forty shapes at a few milliseconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import hypot

import numpy as np
from PIL import Image, ImageDraw

from thermal_assets.synthetic.surface import Heat, Point, Shade, Surface


class Shapes(Surface):
    """The shapes.

    ``temperature`` of a shape is what its surface has. ``shade(u, v)`` adds to it, u and v running from -1 to 1
    across the shape. ``cover`` below 1 lets through what lies behind, ``soft`` widens the edge.
    """

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
