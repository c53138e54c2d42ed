"""File formats by content, and the damage that a container shows before a pixel is decoded.

Pillow does not check the checksums of PNG picture data and is content with a PNG or JPEG whose
end is missing as soon as it has enough rows, so a damaged file could pass as a good one.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from isal import isal_zlib

from thermal_assets.imaging.problems import ImageProblem

PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
_MAGIC = {
    "PNG": (PNG_MAGIC,),
    "JPEG": (b"\xff\xd8\xff",),
    "TIFF": (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+"),
    "GIF": (b"GIF87a", b"GIF89a"),
    "BMP": (b"BM",),
    "PPM": tuple(b"P" + bytes([kind, space]) for kind in b"123456f" for space in b" \t\r\n"),
}
FORMATS = (*_MAGIC, "WEBP")
_START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
STREAM_ERROR: Any = isal_zlib.error  # a class, which isal's stubs declare as an instance
_PIECE = 1 << 20
PNG_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by colour type
_ONE_PASS = ((0, 0, 1, 1),)
# First column and line, and the steps between columns and lines, of each pass (PNG specification, section 8.2).
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
_STANDALONE = frozenset(range(0xD0, 0xD8)) | {0x01}
_LONGEST_MAGIC = 12


def sniff_format(data: bytes) -> str | None:
    """Name of the format whose signature ``data`` begins with, else None.

    Raises ``ImageProblem('truncated')`` when the data are nothing but the beginning of a signature.
    """
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP"[: max(0, len(data) - 8)]:
        if len(data) < 12 or int.from_bytes(data[4:8], "little") + 8 > len(data):
            raise ImageProblem("truncated", f"The WEBP ends after {len(data)} bytes, before its picture does")
        return "WEBP"
    for name, signatures in _MAGIC.items():
        if data.startswith(signatures):
            return name
    if 2 < len(data) < _LONGEST_MAGIC and any(s.startswith(data) for signatures in _MAGIC.values() for s in signatures):
        raise ImageProblem("truncated", f"The file ends after {len(data)} bytes, inside its signature")
    return None


@dataclass(frozen=True)
class PngFacts:
    """What the chunks of a PNG say. ``data`` is the file without damaged chunks that hold no picture data.

    ``names`` are the kinds of chunks in ``data``, ``parts`` where the contents of its IDAT chunks lie in the file as
    it was given, ``file``.
    """

    width: int
    height: int
    bit_depth: int
    color_type: int
    interlaced: bool
    data: bytes
    damaged: tuple[str, ...]
    names: frozenset[bytes]
    file: bytes
    parts: tuple[tuple[int, int], ...]

    def picture_data(self) -> bytes | memoryview:
        """The contents of the IDAT chunks, one after the other: a zlib stream."""
        view = memoryview(self.file)
        found = [view[first:end] for first, end in self.parts]
        return found[0] if len(found) == 1 else b"".join(found)


def check_png(data: bytes) -> PngFacts:
    """Walk the chunks of a PNG and compare every checksum (PNG specification, section 5).

    Raises ``ImageProblem``: 'truncated' if the file ends before its IEND chunk, 'corrupt' if a chunk
    that the picture depends on has another checksum than stored. A damaged chunk that is not needed
    for the picture (texts, times) is left out of ``data`` and named in ``damaged``.
    """
    view = memoryview(data)
    size = len(data)
    position = len(PNG_MAGIC)
    header: tuple[int, int, int, int] | None = None
    interlaced = False
    names: set[bytes] = set()
    parts: list[tuple[int, int]] = []
    whole = data
    damaged: list[tuple[int, int, str]] = []
    while True:
        if position + 12 > size:
            raise ImageProblem("truncated", f"The PNG ends after {size} bytes, before its picture does")
        length = int.from_bytes(view[position : position + 4], "big")
        name = bytes(view[position + 4 : position + 8])
        end = position + 12 + length
        if not name.isalpha():
            raise ImageProblem("corrupt", f"The PNG has a damaged chunk at byte {position}")
        if end > size:
            raise ImageProblem("truncated", f"The PNG ends after {size} bytes, inside its {name.decode()} chunk")
        if zlib.crc32(view[position + 4 : end - 4]) != int.from_bytes(view[end - 4 : end], "big"):
            if name[0] < 97:  # an upper-case first letter: needed for the picture
                raise ImageProblem("corrupt", f"The checksum of the PNG's {name.decode()} chunk does not match")
            damaged.append((position, end, name.decode()))
        else:
            names.add(name)
        if header is None:
            if name != b"IHDR" or length != 13:
                raise ImageProblem("corrupt", "The PNG does not begin with its header")
            header = struct.unpack(">IIBB", view[position + 8 : position + 18])
            interlaced = view[position + 20] != 0
        if name == b"IEND":
            break
        if name == b"IDAT":
            parts.append((position + 8, end - 4))
        position = end
    if damaged:
        kept, start = [], 0
        for first, last, _ in damaged:
            kept.append(data[start:first])
            start = last
        data = b"".join([*kept, data[start:]])
    lost = tuple(name for _, _, name in damaged)
    return PngFacts(*header, interlaced, data, lost, frozenset(names), whole, tuple(parts))


def check_png_data(png: PngFacts) -> None:
    """``ImageProblem('truncated')`` if the picture data of a PNG end before its last line: Pillow leaves the rest black.

    A stream that is damaged otherwise is left to the decoder.
    """
    wanted = picture_bytes(png)
    stream = isal_zlib.decompressobj()
    left: bytes | memoryview = png.picture_data()
    found = 0
    try:
        while found < wanted and not stream.eof:
            part = stream.decompress(left, _PIECE)
            left = stream.unconsumed_tail
            if not part:
                break
            found += len(part)
    except (STREAM_ERROR, MemoryError, OverflowError):
        return
    if found < wanted:
        raise ImageProblem("truncated", f"The picture of the PNG ends after {found:,} of {wanted:,} bytes")


def picture_bytes(png: PngFacts) -> int:
    """Bytes of all lines, each behind the number of its filter, in the passes of interlaced pictures as well."""
    bits = png.bit_depth * PNG_CHANNELS.get(png.color_type, 0)
    passes = _ADAM7 if png.interlaced else _ONE_PASS
    sizes = [(-((x - png.width) // dx), -((y - png.height) // dy)) for x, y, dx, dy in passes]
    return sum(lines * (1 + (width * bits + 7) // 8) for width, lines in sizes if width > 0 and lines > 0)


def jpeg_segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """(marker, first byte, end) of the payload of every segment before the picture data, ends with SOS.

    Stops silently where the chain of segments breaks; the decoder has the last word on that.
    """
    position, size = 2, len(data)
    while position + 4 <= size:
        if data[position] != 0xFF:
            return
        marker = data[position + 1]
        if marker == 0xFF or marker in _STANDALONE:  # fill byte, or a marker without payload
            position += 1 if marker == 0xFF else 2
            continue
        if marker == 0xD9:
            return
        end = position + 2 + int.from_bytes(data[position + 2 : position + 4], "big")
        yield marker, position + 4, min(end, size)
        if marker == 0xDA or end < position + 4:
            return
        position = end


@dataclass(frozen=True)
class JpegFacts:
    """What the segments of a JPEG say; ``app`` lists (number n of APPn, first byte, end).

    ``steps`` are the quantisation steps of its first table, in the order of the file; None where they are not 8 bits.
    """

    width: int
    height: int
    app: tuple[tuple[int, int, int], ...]
    bits: int = 8
    components: int = 0
    steps: bytes | None = None


def check_jpeg(data: bytes) -> JpegFacts:
    """Size and application segments of a JPEG; ``ImageProblem('truncated')`` if its end marker is missing.

    Inside entropy-coded data every FF byte is followed by 00 or a restart marker, so FF D9 after the
    first scan header is the end of the picture. JPEG has no checksums: damage in the middle that still
    decodes cannot be told from a picture; what the decoder notices is for ``fast_jpeg.check_jpeg_data``.
    """
    width = height = components = 0
    bits = 8
    app = []
    scan = steps = None
    for marker, first, end in jpeg_segments(data):
        if 0xE0 <= marker <= 0xEF:
            app.append((marker - 0xE0, first, end))
        elif marker in _START_OF_FRAME and end - first >= 5:
            bits, height, width = struct.unpack_from(">BHH", data, first)
            components = data[first + 5] if end - first > 5 else 0
        elif marker == 0xDB and steps is None and end - first >= 65 and data[first] < 16:
            steps = data[first + 1 : first + 65]
        elif marker == 0xDA:
            scan = end
    if scan is None or data.find(b"\xff\xd9", scan) < 0:
        raise ImageProblem("truncated", f"The JPEG ends after {len(data)} bytes, before its picture does")
    return JpegFacts(width, height, tuple(app), bits, components, steps)


_TIFF_TYPE_BYTES = {
    1: 1,
    2: 1,
    3: 2,
    4: 4,
    5: 8,
    6: 1,
    7: 1,
    8: 2,
    9: 4,
    10: 8,
    11: 4,
    12: 8,
    13: 4,
    16: 8,
    17: 8,
    18: 8,
}
_COMPRESSION = 259
_MOST_EXTENTS = 1 << 20
_EXTENTS = ((273, 279), (324, 325))  # offsets and lengths of strips, of tiles


def check_tiff(data: bytes) -> None:
    """``ImageProblem('truncated')`` if the first directory of a TIFF, or what it points to, lies beyond the end.

    Uncompressed picture data are left to the decoder, which counts rows itself: some writers overstate
    the length of their last strip.
    """
    order: Literal["little", "big"] = "little" if data[:2] == b"II" else "big"
    big = data[2:4] in (b"+\x00", b"\x00+")
    word, count_bytes = (8, 8) if big else (4, 2)

    def number(position: int, length: int) -> int:
        if position + length > len(data):
            raise ImageProblem("truncated", f"The TIFF ends after {len(data)} bytes, before its picture does")
        return int.from_bytes(data[position : position + length], order)

    directory = number(8 if big else 4, word)
    entries = number(directory, count_bytes)
    entry_bytes = 4 + 2 * word
    number(directory + count_bytes + entries * entry_bytes, word)  # where the next directory lies
    found: dict[int, list[int]] = {}
    for position in range(directory + count_bytes, directory + count_bytes + entries * entry_bytes, entry_bytes):
        tag, kind, values = number(position, 2), number(position + 2, 2), number(position + 4, word)
        width = _TIFF_TYPE_BYTES.get(kind, 1)
        first = position + 4 + word if width * values <= word else number(position + 4 + word, word)
        if values:
            number(first + width * values - 1, 1)
        if (
            tag not in found
            and values <= _MOST_EXTENTS
            and (tag == _COMPRESSION or any(tag in pair for pair in _EXTENTS))
        ):
            found[tag] = [number(first + width * i, width) for i in range(values)]
    if found.get(_COMPRESSION, [1])[:1] != [1]:
        for offsets, lengths in _EXTENTS:
            for offset, length in zip(found.get(offsets, []), found.get(lengths, []), strict=False):
                number(offset + max(length, 1) - 1, 1)
