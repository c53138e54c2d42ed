"""Does a JPEG carry the temperatures behind its picture, and can they be read?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from thermal_assets.imaging.containers import JpegFacts
from thermal_assets.imaging.flir import SEGMENT, Calibration, NotReadable, flir_file, read_celsius
from thermal_assets.imaging.level_distribution import SPOT_PIXELS, SPOT_SHARE
from thermal_assets.imaging.problems import one_line

NONE = "none"
PRESENT = "present, not read"
READ = "read"
PROBLEM = "radiometric_not_read"


@dataclass(frozen=True, eq=False)
class Radiometric:
    """What a file says about temperatures.

    state: 'none', 'present, not read' or 'read'. celsius: float32 [h, w] of apparent temperatures on the sensor's own
    grid, degrees Celsius, where they were read; camera: what the camera assumed. problem: why a payload of a kind
    that is read could not be.
    """

    state: str = NONE
    celsius: NDArray[np.float32] | None = None
    camera: Calibration | None = None
    problem: tuple[str, str] | None = None


def read_radiometric(data: bytes, facts: JpegFacts, max_pixels: int) -> Radiometric:
    """The temperatures of a FLIR payload; a DJI payload is 'present, not read'. Never raises for damaged bytes.

    FLIR cameras (and DJI's with a FLIR core) store raw sensor values and calibration in APP1 segments that begin
    with 'FLIR\\0'. DJI stores raw 16-bit values over APP3 or APP4 segments without a signature, and only its own
    library knows what they mean; there the maker's name must stand in the Exif segment and one of the two must hold
    at least a 16-bit value for every 2 x 2 pixels of the picture (DJI can double the picture's size over that of
    the sensor).
    """
    flir = [data[first:end] for number, first, end in facts.app if number == 1 and data.startswith(SEGMENT, first)]
    if not flir:
        return Radiometric(PRESENT if _dji(data, facts) else NONE)
    try:
        celsius, camera = read_celsius(flir_file(flir), max_pixels)
    except NotReadable as error:
        told = f"The temperatures behind the picture cannot be read ({one_line(error, 100)}); the picture is whole"
        return Radiometric(PRESENT, problem=(PROBLEM, told))
    return Radiometric(READ, celsius, camera)


def sensor_figures(found: Radiometric) -> dict[str, object] | None:
    """Columns of table ``sensor_temperatures``; None where nothing was read. Terms as in ``level_distribution``."""
    if found.celsius is None or found.camera is None:
        return None
    values = np.sort(found.celsius, axis=None).astype(np.float64)
    spot = min(len(values), max(SPOT_PIXELS, round(len(values) * SPOT_SHARE)))
    hot, cold, background = values[-spot:].mean(), values[:spot].mean(), float(np.median(values))
    camera = found.camera
    return {
        "sensor_width": int(found.celsius.shape[1]),
        "sensor_height": int(found.celsius.shape[0]),
        "min_c": float(values[0]),
        "mean_c": float(values.mean()),
        "max_c": float(values[-1]),
        "cold_spot_c": float(cold),
        "background_c": background,
        "hot_spot_c": float(hot),
        "hot_fraction": float((values > (hot + background) / 2).mean()) if hot > background else 0.0,
        "emissivity": camera.emissivity,
        "object_distance_m": camera.distance_m,
        "reflected_c": camera.reflected_k - 273.15,
        "air_c": camera.air_k - 273.15,
    }


def _dji(data: bytes, facts: JpegFacts) -> bool:
    made_by_dji = False
    volume = {3: 0, 4: 0}
    for number, first, end in facts.app:
        if number == 1:
            made_by_dji = made_by_dji or (data[first : first + 4] == b"Exif" and data.find(b"DJI", first, end) >= 0)
        elif number in volume:
            volume[number] += end - first
    enough = max(1, facts.width * facts.height // 2)
    return made_by_dji and max(volume.values()) >= enough
