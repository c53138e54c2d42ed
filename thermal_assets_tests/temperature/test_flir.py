"""Sensor temperatures of FLIR files: against the figures burnt into the pictures, and with damaged bytes."""

from __future__ import annotations

import random
import struct
import time
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest

from thermal_assets.imaging.decode import decode_image
from thermal_assets.imaging.flir import Calibration, celsius, flir_file
from thermal_assets.imaging.radiometric import sensor_figures
from thermal_assets_tests.imaging.pictures import WIDTH, colours, encode, jpeg_segment, with_segments

CAMERA = Calibration(
    0.95, 1.0, 293.15, 293.15, 293.15, 1.0, 0.5, 17000.0, 1440.0, 1.0, 0.0066, 0.0126, -0.0023, -0.0067, 1.9, -4000, 0.0125
)  # fmt: skip


def payload(raw: np.ndarray, order: str = "<", **camera: float) -> bytes:
    """An FFF file with sensor values uint16 [h, w] and a calibration, in either byte order."""
    values = CAMERA.__dict__ | camera
    info = bytearray(2108)
    struct.pack_into(order + "H", info, 0, 2)
    names = list(values)
    struct.pack_into(order + "6f", info, 0x20, *(values[name] for name in names[:6]))
    struct.pack_into(order + "f", info, 0x3C, values["humidity"])
    struct.pack_into(order + "3f", info, 0x58, values["planck_r1"], values["planck_b"], values["planck_f"])
    struct.pack_into(
        order + "5f", info, 0x70, *(values[name] for name in ("alpha_1", "alpha_2", "beta_1", "beta_2", "x"))
    )
    struct.pack_into(order + "if", info, 0x308, int(values["planck_o"]), values["planck_r2"])
    height, width = raw.shape
    body = struct.pack(order + "HHH", 2, width, height).ljust(32, b"\0") + raw.astype(order + "u2").tobytes()
    start = 64 + 2 * 32
    entries = [(1, 2, 100, 1, start, len(body)), (32, 0, 100, 1, start + len(body), len(info))]
    header = b"FFF\0".ljust(20, b"\0") + struct.pack(order + "III", 100, 64, 2)
    directory = b"".join(struct.pack(order + "HHIIII", *entry).ljust(32, b"\0") for entry in entries)
    return header.ljust(64, b"\0") + directory + body + bytes(info)


def jpeg_with(data: bytes, size: int = 60_000) -> bytes:
    parts = [data[start : start + size] for start in range(0, len(data), size)]
    segments = [
        jpeg_segment(0xE1, b"FLIR\x00\x01" + bytes([number, len(parts) - 1]) + part)
        for number, part in enumerate(parts)
    ]
    from PIL import Image

    return with_segments(encode(Image.fromarray(colours()), "JPEG"), *segments)


def sample(shared_dir: Path, name: str) -> bytes:
    with ZipFile(shared_dir / "data" / "radiometric_samples.zip") as archive:
        (found,) = [item for item in archive.namelist() if name in item]
        return archive.read(found)


def test_figures_are_those_that_the_camera_wrote_into_its_picture(shared_dir: Path) -> None:
    """The AX8's own picture says max 25.5, min 24.3 (24.36, cut), avg 25.1."""
    found = sensor_figures(decode_image(sample(shared_dir, "ax8")).thermogram)
    assert found is not None
    assert (found["sensor_width"], found["sensor_height"]) == (80, 60)
    assert found["max_c"] == pytest.approx(25.5, abs=0.1)
    assert found["min_c"] == pytest.approx(24.3, abs=0.1)
    assert found["mean_c"] == pytest.approx(25.1, abs=0.1)
    mug = sensor_figures(decode_image(sample(shared_dir, "flir_example")).thermogram)
    assert mug is not None
    # Exact figures of an independent reader (flyr 5.1.0) for the same file.
    assert mug["min_c"] == pytest.approx(25.948281, abs=1e-3)
    assert mug["mean_c"] == pytest.approx(29.118545, abs=1e-3)
    assert mug["max_c"] == pytest.approx(62.320298, abs=1e-3)
    drone = sensor_figures(decode_image(sample(shared_dir, "zenmuse_xtr")).thermogram)
    assert drone is not None
    assert (drone["sensor_width"], drone["sensor_height"], drone["emissivity"]) == (640, 512, pytest.approx(0.7))


@pytest.mark.parametrize("order", ["<", ">"])
def test_both_byte_orders_and_several_segments_give_the_same_temperatures(order: str) -> None:
    raw = np.random.default_rng(3).integers(12000, 16000, (200, 300)).astype(np.uint16)
    image = decode_image(jpeg_with(payload(raw, order)))
    assert image.radiometric == "read"
    assert image.problems == []
    assert image.thermogram.celsius is not None
    assert np.allclose(image.thermogram.celsius, celsius(raw, CAMERA), atol=1e-3)
    assert image.width == WIDTH  # the picture is what it was


def test_a_black_body_has_its_own_temperature_and_a_grey_one_is_hotter_than_it_looks() -> None:
    """Planck's law turned round: a signal of 400 K is 400 K; at emissivity 0.5 the same signal means more."""
    plain = Calibration(**(CAMERA.__dict__ | {"emissivity": 1.0, "distance_m": 0.0}))
    signal = plain.planck_r1 / (plain.planck_r2 * (np.exp(plain.planck_b / 400.0) - plain.planck_f)) - plain.planck_o
    raw = np.array([[round(float(signal))]], np.uint16)
    assert celsius(raw, plain)[0, 0] == pytest.approx(400 - 273.15, abs=0.02)
    dull = Calibration(**(plain.__dict__ | {"emissivity": 0.5}))
    assert celsius(raw, dull)[0, 0] > 140


def test_damaged_payloads_are_present_not_read_and_say_so() -> None:
    """Two thousand damaged payloads: the picture always, no crash, no hang, and no temperature of a broken one."""
    good = payload(np.random.default_rng(3).integers(12000, 16000, (20, 30)).astype(np.uint16))
    chance = random.Random(5)
    outcomes: dict[str, int] = {}
    slowest = 0.0
    for _ in range(2000):
        data = bytearray(good)
        for _ in range(chance.randint(1, 4)):
            position = chance.randrange(0, 140) if chance.random() < 0.7 else chance.randrange(len(data))
            data[position] = chance.choice((0, 255, chance.randrange(256)))
        if chance.random() < 0.2:
            del data[chance.randrange(len(data)) :]
        started = time.monotonic()
        image = decode_image(jpeg_with(bytes(data) or b"\0"))
        slowest = max(slowest, time.monotonic() - started)
        outcomes[image.radiometric] = outcomes.get(image.radiometric, 0) + 1
        codes = [code for code, _ in image.problems]
        assert codes == ([] if image.radiometric == "read" else ["radiometric_not_read"])
        figures = sensor_figures(image.thermogram)
        assert figures is None or np.isfinite(list(figures.values())).all()  # type: ignore[arg-type]
    assert outcomes["present, not read"] > 500
    assert outcomes["read"] > 100  # a changed sensor value is still one
    assert slowest < 5


def test_missing_and_repeated_segments_are_not_put_together() -> None:
    raw = np.full((200, 300), 14000, np.uint16)
    data = payload(raw)
    parts = [b"FLIR\x00\x01" + bytes([n, 2]) + data[n * 50_000 : (n + 1) * 50_000] for n in range(3)]
    assert flir_file([parts[2], parts[0], parts[1]]) == data
    from PIL import Image

    plain = encode(Image.fromarray(colours()), "JPEG")
    for chosen in (parts[:2], [parts[0], parts[1], parts[1]], [b"FLIR\x00"], [b"FLIR\x00\x01\x00\x00"]):
        image = decode_image(with_segments(plain, *(jpeg_segment(0xE1, part) for part in chosen)))
        assert image.radiometric == "present, not read"
