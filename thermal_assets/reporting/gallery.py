"""Pictures for the report: read from the image root, made small, embedded within a budget of bytes."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

SIDE = 112
BUDGET = 9_500_000
MAX_FILE_BYTES = 256 * 2**20
# Below this an image is embedded as it is and shown enlarged with hard pixels, so that it can be seen.
TINY = 80


@dataclass(frozen=True)
class Encoded:
    """A picture as a data URI with its size in pixels."""

    src: str
    width: int
    height: int

    @property
    def tiny(self) -> bool:
        return max(self.width, self.height) <= TINY


@dataclass(frozen=True)
class Picture:
    """One tile of a gallery: the picture or the reason why there is none, and the lines under it."""

    image_id: str
    class_name: str | None
    encoded: Encoded | None
    missing: str = ""
    lines: tuple[str, ...] = ()
    mark: str = ""


class Gallery:
    """Thumbnails of one report.

    Every image is read and encoded once; each time it is shown its bytes count against ``budget``.
    Once that is used up, tiles say so instead of growing the file.
    """

    def __init__(self, image_root: Path, *, budget: int = BUDGET, side: int = SIDE) -> None:
        self._image_root = image_root
        self._side = side
        self._left = budget
        self._cache: dict[str, tuple[Encoded | None, str]] = {}
        self.left_out = 0
        self.missing = 0

    @property
    def thumbnails(self) -> int:
        """Distinct images shown."""
        return sum(encoded is not None for encoded, _ in self._cache.values())

    def show(
        self, image_id: str, class_name: str | None, lines: Sequence[str | None] = (), *, mark: str = ""
    ) -> Picture:
        """The tile of an image; ``mark`` is a short word set on it, e.g. 'other class'."""
        kept = tuple(line for line in lines if line)
        if image_id not in self._cache:
            if self._left <= 0:
                self.left_out += 1
                return Picture(image_id, class_name, None, "left out to keep this file small", kept, mark)
            self._cache[image_id] = self._read(image_id)
            self.missing += self._cache[image_id][0] is None
        encoded, reason = self._cache[image_id]
        if encoded is not None:
            if len(encoded.src) > self._left:
                self._left = 0
                self.left_out += 1
                return Picture(image_id, class_name, None, "left out to keep this file small", kept, mark)
            self._left -= len(encoded.src)
        return Picture(image_id, class_name, encoded, reason, kept, mark)

    def stored(self, data: bytes | None) -> Encoded | None:
        """A picture kept in the warehouse (mean and std images); None if there is none or the budget is used up."""
        if not data or self._left <= 0:
            return None
        encoded = encode(bytes(data))
        if encoded is not None:
            self._left -= len(encoded.src)
        return encoded

    def _read(self, image_id: str) -> tuple[Encoded | None, str]:
        from thermal_assets.imaging.thumbnails import thumbnail_png
        from thermal_assets.manifest.identity import path_of

        try:
            path = path_of(self._image_root, image_id)
            if not path.is_file():
                return None, "not there any more"
            if path.stat().st_size > MAX_FILE_BYTES:
                return None, "too large for a thumbnail"
            png = thumbnail_png(path, self._side)
        except (OSError, ValueError):
            return None, "cannot be read"
        encoded = encode(png) if png else None
        return (encoded, "") if encoded else (None, "cannot be decoded")


def encode(png: bytes) -> Encoded | None:
    """The smaller of the PNG as it is and a WebP of it: lossless for tiny pictures, where every pixel is looked at."""
    from PIL import Image, features

    try:
        with Image.open(io.BytesIO(png)) as image:
            image.load()
            width, height = image.size
            best, kind = png, "png"
            if features.check("webp"):
                out = io.BytesIO()
                tiny = max(width, height) <= TINY
                image.convert("RGB").save(out, "WEBP", lossless=tiny, quality=60 if tiny else 82, method=4)
                if out.tell() < len(best):
                    best, kind = out.getvalue(), "webp"
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    return Encoded(f"data:image/{kind};base64,{base64.b64encode(best).decode()}", width, height)
