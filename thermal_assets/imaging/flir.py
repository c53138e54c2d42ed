"""Temperatures of a FLIR radiometric JPEG, from the sensor values that it carries beside its picture.

The container is FLIR's "FFF" file in APP1 segments, as described by ExifTool (Image::ExifTool::FLIR): a header, a
directory of records, among them the raw sensor values and the camera's calibration. Raw values become temperatures
by the radiometric chain of thermography (Usamentiaga et al., "Infrared thermography for temperature measurement and
non-destructive testing", Sensors 14, 2014; the atmosphere by FLIR's model of transmission): the object's radiation is
what arrives, less what the surroundings, the air and the window add, over what they let through.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import PngImagePlugin

SEGMENT = b"FLIR\x00"
_HEADER, _ENTRY, _RECORD_HEADER, _MOST_RECORDS = 64, 32, 32, 1024
_RAW_DATA, _CAMERA_INFO = 1, 32
_ZERO_CELSIUS = 273.15
# What a thermal camera can see at all; anything else is a damaged calibration.
COLDEST_C, HOTTEST_C = -100.0, 3500.0


class NotReadable(Exception):
    """The payload is damaged or of a kind that is not known; the message says what."""


@dataclass(frozen=True)
class Calibration:
    """Parameters of the camera: temperatures in kelvin, distance in metres, the others without unit."""

    emissivity: float
    distance_m: float
    reflected_k: float
    air_k: float
    window_k: float
    window_transmission: float
    humidity: float
    planck_r1: float
    planck_b: float
    planck_f: float
    alpha_1: float
    alpha_2: float
    beta_1: float
    beta_2: float
    x: float
    planck_o: float
    planck_r2: float


def flir_file(segments: Sequence[bytes]) -> bytes:
    """The FFF file from the contents of the APP1 segments, each 'FLIR', 0, 1, its number, the last number, data."""
    whole = bool(segments) and min(len(segment) for segment in segments) > 8
    if not whole or sorted(segment[6] for segment in segments) != list(range(segments[0][7] + 1)):
        raise NotReadable("segments are missing, cut short or repeated")
    return b"".join(segment[8:] for segment in sorted(segments, key=lambda segment: segment[6]))


def read_celsius(data: bytes, max_pixels: int) -> tuple[NDArray[np.float32], Calibration]:
    """float32 [h, w] of apparent temperatures, degrees Celsius, on the sensor's own grid, and the calibration.

    Raises ``NotReadable`` and nothing else.
    """
    try:
        return _read(data, max_pixels)
    except NotReadable:
        raise
    except Exception as error:
        raise NotReadable(f"{type(error).__name__}: {error}") from error


def celsius(raw: NDArray[np.uint16], camera: Calibration) -> NDArray[np.float32]:
    """Apparent temperatures of raw sensor values, degrees Celsius; NaN where there is none."""

    def signal(kelvin: float) -> float:
        """Raw value of a black body."""
        return camera.planck_r1 / (camera.planck_r2 * (np.exp(camera.planck_b / kelvin) - camera.planck_f)) - (
            camera.planck_o
        )

    air_c = camera.air_k - _ZERO_CELSIUS
    water = camera.humidity * np.exp(1.5587 + 0.06939 * air_c - 0.00027816 * air_c**2 + 0.00000068455 * air_c**3)
    path = np.sqrt(camera.distance_m / 2)  # half of the way lies before the window, half behind it
    air = camera.x * np.exp(-path * (camera.alpha_1 + camera.beta_1 * np.sqrt(water))) + (1 - camera.x) * np.exp(
        -path * (camera.alpha_2 + camera.beta_2 * np.sqrt(water))
    )
    emitted, window = camera.emissivity, camera.window_transmission
    added = (
        (1 - emitted) / emitted * signal(camera.reflected_k)
        + (1 - air) / (emitted * air) * signal(camera.air_k)
        + (1 - window) / (emitted * air * window) * signal(camera.window_k)
        + (1 - air) / (emitted * air * window * air) * signal(camera.air_k)
    )
    levels = np.arange(int(raw.max(initial=0)) + 1, dtype=np.float64)  # one table, then a lookup for each pixel
    with np.errstate(all="ignore"):
        body = levels / (emitted * air * window * air) - added + camera.planck_o
        kelvin = camera.planck_b / np.log(camera.planck_r1 / (camera.planck_r2 * body) + camera.planck_f)
    return (kelvin - _ZERO_CELSIUS).astype(np.float32)[raw]


def _read(data: bytes, max_pixels: int) -> tuple[NDArray[np.float32], Calibration]:
    if data[:4] not in (b"FFF\x00", b"AFF\x00") or len(data) < _HEADER:
        raise NotReadable("no FLIR file header")
    order = next((o for o in "><" if 100 <= struct.unpack_from(o + "I", data, 20)[0] < 200), None)
    if order is None:
        raise NotReadable("a file version that is not known")
    records = _records(data, order)
    if _RAW_DATA not in records or _CAMERA_INFO not in records:
        raise NotReadable("no record of sensor values or of the calibration")
    raw = _raw_values(records[_RAW_DATA], max_pixels)
    camera = _calibration(records[_CAMERA_INFO])
    found = celsius(raw, camera)
    if not (np.isfinite(found).all() and found.min() >= COLDEST_C and found.max() <= HOTTEST_C):
        raise NotReadable("sensor values and calibration give no possible temperatures")
    return found, camera


def _records(data: bytes, order: str) -> dict[int, bytes]:
    """Contents by type; the first of a type counts."""
    offset, entries = struct.unpack_from(order + "II", data, 24)
    found: dict[int, bytes] = {}
    for number in range(min(entries, _MOST_RECORDS)):
        kind, _, _, _, start, length = struct.unpack_from(order + "HHIIII", data, offset + number * _ENTRY)
        if kind and start + length <= len(data):
            found.setdefault(kind, data[start : start + length])
    return found


def _order_of(record: bytes) -> str:
    """Every record begins with a small 16-bit number in its own byte order."""
    return "<" if struct.unpack_from("<H", record)[0] < 256 else ">"


def _raw_values(record: bytes, max_pixels: int) -> NDArray[np.uint16]:
    order = _order_of(record)
    _, width, height = struct.unpack_from(order + "HHH", record)
    if not 0 < width * height <= max_pixels:
        raise NotReadable(f"a sensor of {width} x {height} pixels")
    body = record[_RECORD_HEADER:]
    if body[:4] == b"\x89PNG":
        image = PngImagePlugin.PngImageFile(io.BytesIO(body))
        if image.size != (width, height) or image.mode != "I;16":
            raise NotReadable(f"a PNG of {image.mode} and {image.size} for {width} x {height} sensor values")
        return np.array(image).astype(np.uint16).byteswap()  # FLIR stores little-endian values, PNG means big-endian
    if len(body) < 2 * width * height:
        raise NotReadable("fewer sensor values than pixels")
    return np.frombuffer(body, order + "u2", width * height).reshape(height, width).astype(np.uint16)


def _calibration(record: bytes) -> Calibration:
    order = _order_of(record)

    def numbers(offset: int, count: int, kind: str = "f") -> tuple[float, ...]:
        return struct.unpack_from(f"{order}{count}{kind}", record, offset)

    emissivity, distance, reflected, air, window, transmission = numbers(0x20, 6)
    camera = Calibration(
        emissivity,
        distance,
        reflected,
        air,
        window,
        transmission,
        *numbers(0x3C, 1),
        *numbers(0x58, 3),
        *numbers(0x70, 5),
        *numbers(0x308, 1, "i"),
        *numbers(0x30C, 1),
    )
    temperatures = (camera.reflected_k, camera.air_k, camera.window_k)
    possible = (
        0 < camera.emissivity <= 1
        and 0 < camera.window_transmission <= 1
        and 0 <= camera.distance_m < 1e5
        and 0 <= camera.humidity <= 100
        and all(100 < kelvin < 4000 for kelvin in temperatures)
        and camera.planck_b > 0
    )
    if not possible:
        raise NotReadable("a calibration that no camera has")
    return camera
