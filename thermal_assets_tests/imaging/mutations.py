"""Damage to the bytes of image files, as disks, cables, programs and attackers do it."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Callable, Sequence

EXTENSIONS = ("png", "jpg", "jpeg", "tif", "tiff", "bmp", "gif", "webp")
_HUGE = (0, 1, 0x7FFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0xFFFFFFFF, 30_000)


def flip_bits(data: bytearray, rng: random.Random, others: Sequence[bytes]) -> bytearray:
    for _ in range(rng.choice((1, 2, 8, 64))):
        if data:
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return data


def flip_header(data: bytearray, rng: random.Random, others: Sequence[bytes]) -> bytearray:
    for _ in range(rng.choice((1, 2, 4))):
        if data:
            data[rng.randrange(min(96, len(data)))] = rng.randrange(256)
    return data


def truncate(data: bytearray, rng: random.Random, others: Sequence[bytes]) -> bytearray:
    return data[: rng.randrange(len(data) + 1)]


def splice(data: bytearray, rng: random.Random, others: Sequence[bytes]) -> bytearray:
    """A piece of another file in the middle, in place of as many bytes or pushed in between."""
    other = rng.choice(others)
    start, length = rng.randrange(max(1, len(other))), rng.choice((4, 64, 4096))
    piece, place = other[start : start + length], rng.randrange(len(data) + 1)
    data[place : place + (len(piece) if rng.random() < 0.5 else 0)] = piece
    return data


def repeat_or_drop(data: bytearray, rng: random.Random, others: Sequence[bytes]) -> bytearray:
    start = rng.randrange(len(data) + 1)
    piece = data[start : start + rng.choice((1, 16, 512, 8192))]
    if rng.random() < 0.5:
        return data[:start] + data[start + len(piece) :]
    return data[:start] + piece * rng.choice((2, 5)) + data[start:]


def zero_out(data: bytearray, rng: random.Random, others: Sequence[bytes]) -> bytearray:
    start, length = rng.randrange(len(data) + 1), rng.choice((16, 512, 4096, 65_536))
    end = min(len(data), start + length)
    data[start:end] = bytes([rng.choice((0, 255))]) * (end - start)
    return data


def concatenate(data: bytearray, rng: random.Random, others: Sequence[bytes]) -> bytearray:
    return data + rng.choice(others) if rng.random() < 0.5 else bytearray(rng.choice(others)[:8]) + data


def edit_png_chunk(data: bytearray, rng: random.Random, others: Sequence[bytes]) -> bytearray:
    """Rename, drop, repeat or rewrite one chunk, with a checksum that fits."""
    chunks = _png_chunks(bytes(data))
    if not chunks:
        return flip_bits(data, rng, others)
    index = rng.randrange(len(chunks))
    name, payload = chunks[index]
    action = rng.randrange(5)
    if action == 0:
        chunks[index] = (rng.choice((b"IDAT", b"PLTE", b"tRNS", b"acTL", b"IEND", b"eXIf", b"zTXt")), payload)
    elif action == 1:
        del chunks[index]
    elif action == 2:
        chunks.insert(index, chunks[index])
    elif action == 3:
        chunks[index] = (name, bytes(flip_bits(bytearray(payload), rng, others)))
    else:
        rng.shuffle(chunks)
    return bytearray(b"\x89PNG\r\n\x1a\n" + b"".join(_png_chunk(*chunk) for chunk in chunks))


def lie_about_size(data: bytearray, rng: random.Random, others: Sequence[bytes]) -> bytearray:
    """Width, height or a count in the header of the format becomes something else, often huge."""
    value = rng.choice(_HUGE)
    if data[:4] == b"\x89PNG" and len(data) > 33:
        header = bytearray(data[16:29])
        place = rng.choice((0, 4, 8, 9))
        header[place : place + (4 if place < 8 else 1)] = struct.pack(">I", value) if place < 8 else bytes([value & 31])
        data[16:29] = header
        data[29:33] = struct.pack(">I", zlib.crc32(b"IHDR" + header))
    elif data[:2] == b"\xff\xd8":
        place = max(data.find(b"\xff\xc0"), data.find(b"\xff\xc2"))
        if 0 < place < len(data) - 9:
            at = place + rng.choice((2, 5, 7))
            data[at : at + 2] = struct.pack(">H", value & 0xFFFF)
    elif data[:2] in (b"II", b"MM") and len(data) > 16:
        at = rng.randrange(4, len(data) - 4)
        data[at : at + 4] = struct.pack("<I" if data[:2] == b"II" else ">I", value)
    else:
        return flip_header(data, rng, others)
    return data


MUTATIONS: tuple[Callable[[bytearray, random.Random, Sequence[bytes]], bytearray], ...] = (
    flip_bits,
    flip_header,
    truncate,
    splice,
    repeat_or_drop,
    zero_out,
    concatenate,
    edit_png_chunk,
    lie_about_size,
)


def mutated(sources: Sequence[bytes], seed: int) -> tuple[bytes, str]:
    """(bytes, extension): one to three mutations of one of ``sources``; the extension is right or wrong by chance."""
    rng = random.Random(seed)
    data = bytearray(rng.choice(sources))
    for _ in range(rng.choice((1, 1, 2, 3))):
        data = rng.choice(MUTATIONS)(data, rng, sources)
    return bytes(data), rng.choice(EXTENSIONS)


def _png_chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    if data[:8] != b"\x89PNG\r\n\x1a\n":
        return []
    chunks, place = [], 8
    while place + 12 <= len(data):
        length = int.from_bytes(data[place : place + 4], "big")
        chunks.append((data[place + 4 : place + 8], data[place + 8 : place + 8 + length]))
        place += 12 + length
    return chunks


def _png_chunk(name: bytes, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload)) + name + payload + struct.pack(">I", zlib.crc32(name + payload))
