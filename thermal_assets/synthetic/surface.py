"""A field of temperatures with its own coordinates, and painting into a part of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import cos, sin

import numpy as np

from thermal_assets.synthetic.textures import Field

Shade = Callable[[Field, Field], Field]
Heat = float | Field
Point = tuple[float, float]
Window = tuple[slice, slice]


@dataclass(frozen=True)
class Pose:
    """How object units lie in the crop: the box seen (x0, y0, x1, y1 in object units), tilt in radians, mirrored."""

    x0: float
    y0: float
    x1: float
    y1: float
    tilt: float = 0.0
    mirrored: bool = False


class Surface:
    """Temperatures in degrees Celsius, ``t`` float32[height, width].

    ``x`` and ``y`` float32[height, width] are the object units of every pixel, ``pixel`` the size of one.
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

    def _to_pixel(self, x: float, y: float) -> Point:
        dx, dy = x - self._centre[0], y - self._centre[1]
        c, s = self._turn
        return (
            (c * dx + s * dy) / self._steps[0] + self.width / 2,
            (-s * dx + c * dy) / self._steps[1] + self.height / 2,
        )

    def _window(self, x: float, y: float, half_w: float, half_h: float) -> Window | None:
        """The pixels of a box in object units, with a margin of two; None if it lies outside the crop."""
        corners = [self._to_pixel(x + sx * half_w, y + sy * half_h) for sx in (-1, 1) for sy in (-1, 1)]
        left = max(0, int(min(c[0] for c in corners)) - 2)
        right = min(self.width, int(max(c[0] for c in corners)) + 3)
        top = max(0, int(min(c[1] for c in corners)) - 2)
        bottom = min(self.height, int(max(c[1] for c in corners)) + 3)
        return (slice(top, bottom), slice(left, right)) if left < right and top < bottom else None

    def _local(self, window: Window, x: float, y: float, angle: float) -> tuple[Field, Field]:
        dx, dy = self.x[window] - np.float32(x), self.y[window] - np.float32(y)
        if not angle:
            return dx, dy
        c, s = np.float32(cos(angle)), np.float32(sin(angle))
        return c * dx + s * dy, c * dy - s * dx

    def _paint(
        self,
        window: Window,
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
        window: Window,
        alpha: Field,
        temperature: Heat,
        across: tuple[Field, Field],
        shade: Shade | None,
        cover: float,
    ) -> None:
        under: Field = self.t[window]
        surface: Heat = temperature if isinstance(temperature, float | int) else temperature[window]
        if shade is not None:
            surface = surface + shade(*across)
        under += np.float32(cover) * alpha * (np.asarray(surface, dtype=np.float32) - under)
