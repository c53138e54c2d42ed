"""A decoded picture, and what is worked out from its pixels at most once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from thermal_assets.imaging.lazy import lazy
from thermal_assets.imaging.palettes import GREY, PaletteMatch, match_palette
from thermal_assets.imaging.pixels import seen_as
from thermal_assets.imaging.radiometric import Radiometric

if TYPE_CHECKING:
    from thermal_assets.imaging.structure import Structure

_ONE_CHANNEL = PaletteMatch(GREY, 0, 1.0)


@dataclass(eq=False)
class DecodedImage:
    """A decoded picture; all arrays after EXIF rotation.

    rgb: uint8 [H, W, 3] as displayed: palette expanded, alpha dropped and not composited, pictures deeper
    than 8 bits scaled by their own min..max. native: [H, W] or [H, W, 3] in native dtype without alpha.
    alpha: uint8 or uint16 [H, W], or None. mode: pixel mode of the file in Pillow's names. format: by
    content. bit_depth: bits a channel. channel_count: channels with alpha, palettes expanded.
    thermogram: the temperatures that the file carries beside its picture. noise: levels of 0..255 within which
    lossy compression left 95 % of the pixels. problems: (code, message) that did not keep it from decoding.
    Arrays may be read only. loaded: the picture as the decoder left it, where that is ``rgb``, to save a copy.
    """

    rgb: NDArray[np.uint8]
    native: NDArray[Any]
    alpha: NDArray[Any] | None
    mode: str
    format: str
    bit_depth: int
    channel_count: int
    thermogram: Radiometric = field(default_factory=Radiometric)
    noise: float = 0.0
    problems: list[tuple[str, str]] = field(default_factory=list)
    loaded: Image.Image | None = None

    @property
    def width(self) -> int:
        return int(self.rgb.shape[1])

    @property
    def height(self) -> int:
        return int(self.rgb.shape[0])

    @property
    def radiometric(self) -> str:
        """'none', 'present, not read' or 'read'."""
        return self.thermogram.state

    @lazy
    def palette(self) -> PaletteMatch:
        """The pseudo-colour palette; a picture of one channel is grey."""
        return _ONE_CHANNEL if self.native.ndim == 2 else match_palette(self.rgb)

    @lazy
    def structure(self) -> Structure:
        """Lines, pixels and graphics that do not come from the scene; of pictures of 8 bits."""
        from thermal_assets.imaging.structure import structure_of

        return structure_of(self)

    @lazy
    def picture(self) -> Image.Image:
        """``rgb`` as a Pillow image: mode L where the picture is grey in the file, else RGB."""
        if self.loaded is not None:
            return self.loaded
        if self.native.ndim == 2:
            return Image.fromarray(
                self.native if self.native.dtype == np.uint8 and self.bit_depth == 8 else self.rgb[:, :, 0]
            )
        return Image.fromarray(self.rgb)

    @lazy
    def level_counts(self) -> NDArray[np.uint32]:
        """uint32 [3, 256]: how many pixels of ``rgb`` have each level, per channel."""
        return self._scan[0][:3]

    @property
    def luminance_counts(self) -> NDArray[np.uint32]:
        """uint32 [256]: how many pixels of ``luminance`` have each level."""
        return self._scan[0][3]

    @property
    def luminance(self) -> NDArray[np.uint8]:
        """uint8 [H, W]: ITU-R BT.601 of ``rgb``, as Pillow's conversion to L; the levels themselves where grey."""
        return self._scan[1]

    @lazy
    def _scan(self) -> tuple[NDArray[np.uint32], NDArray[np.uint8]]:
        if self.native.ndim == 2:
            from thermal_assets.imaging.plane_kernels import count_levels

            plain = self.native.dtype == np.uint8 and self.bit_depth == 8
            levels = np.ascontiguousarray(self.native if plain else self.rgb[:, :, 0])
            one = np.zeros(256, np.uint32)
            count_levels(levels, one)
            return seen_as(one, (4, 256), (0, 4)), levels
        from thermal_assets.imaging.colour_kernels import scan_colours

        counts, luminance = np.zeros((4, 256), np.uint32), np.empty((self.height, self.width), np.uint8)
        scan_colours(np.ascontiguousarray(self.rgb), counts, luminance)
        return counts, luminance
