"""Positions read off a picture agree with those it was rendered from, within the error that is stated."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from thermal_assets.imaging.containers import jpeg_segments
from thermal_assets.imaging.decode import decode_image
from thermal_assets.imaging.decoded_image import DecodedImage
from thermal_assets.imaging.flir import SEGMENT, flir_file, read_celsius
from thermal_assets.imaging.level_distribution import distribution
from thermal_assets.imaging.palette_inversion import positions
from thermal_assets.imaging.palette_levels import palette_levels
from thermal_assets.imaging.palettes import CURVES, palette_table
from thermal_assets.synthetic.palettes import SHARES
from thermal_assets.synthetic.picture import Picture, Session, draw_picture, exposed

SESSION = Session("test/1", date(2020, 11, 11), "CIC", 600, 640, "ironbow", 12.0, 0.5)
SAME_CURVE_TWICE = [(name, kind) for name in ("iron", "rainbow", "inferno", "hot", "jet") for kind in range(2)]
KNOWN = [(name, kind) for name, kind in SAME_CURVE_TWICE if kind < len(CURVES[name])]
FIGURES = ("minimum", "mean", "maximum", "background", "hot_spot")


def scene(object_name: str = "transport_pipe", palette: str = "ironbow") -> Picture:
    return Picture(7, object_name, True, replace(SESSION, palette=palette), 2.0, 3, 0)


def decoded(rgb: NDArray[np.uint8], quality: int | None = None) -> DecodedImage:
    """``rgb`` through a PNG, or a JPEG of this quality."""
    stream = io.BytesIO()
    Image.fromarray(rgb).save(stream, **({"format": "JPEG", "quality": quality} if quality else {"format": "PNG"}))
    return decode_image(stream.getvalue())


def share_within(image: DecodedImage, truth: NDArray[np.uint8]) -> tuple[float, float]:
    """(share of the pixels whose position lies within the stated error of the truth, that error)."""
    row = palette_levels(image)
    assert row is not None
    grey = image.palette.name == "grey"
    found = image.rgb[:, :, 1] if grey else positions(image.rgb, image.palette.name, image.palette.kind)
    error = float(str(row["inversion_error"]))
    return float((np.abs(found.astype(float) - truth) / 255 <= error).mean()), error


@pytest.mark.parametrize("quality", [None, 95, 85, 60])
@pytest.mark.parametrize("palette", list(SHARES))
def test_palettes_of_cameras_that_are_not_known_exactly(palette: str, quality: int | None) -> None:
    """The sample data's own palettes are not those of our tables: that alone may move positions by a tenth."""
    truth = exposed(scene(palette=palette)).levels
    share, error = share_within(decoded(draw_picture(scene(palette=palette)), quality), truth)
    assert share >= 0.95
    assert error <= 0.12


@pytest.mark.parametrize(("name", "kind"), KNOWN)
def test_a_known_palette_without_loss_gives_every_level_back(name: str, kind: int) -> None:
    truth = exposed(scene("car")).levels
    share, error = share_within(decoded(palette_table(name, kind)[truth]), truth)
    assert share >= 0.95
    assert error <= 0.01
    shares = [share_within(decoded(palette_table(name, kind)[truth], quality), truth) for quality in (90, 60)]
    assert min(share for share, _ in shares) >= 0.95
    assert min(stated for _, stated in shares) > error  # compression is paid for in the stated error


@pytest.mark.parametrize("name", ["ironbow", "inferno", "grey"])
def test_temperatures_of_the_scene_come_back(name: str) -> None:
    """From the temperatures the sample data was drawn from, through palette and JPEG, and back."""
    exposure = exposed(scene(palette=name))
    span = exposure.high_c - exposure.low_c
    real = distribution(np.bincount(exposure.levels.ravel(), minlength=256))
    for quality in (None, 85):
        image = decoded(draw_picture(scene(palette=name)), quality)
        row = palette_levels(image)
        assert row is not None
        error_k = row["inversion_error"] * span
        for figure in FIGURES:
            seen_c = exposure.low_c + row[figure] * span
            assert seen_c == pytest.approx(exposure.low_c + real[figure] * span, abs=error_k), figure
        assert row["contrast"] * span == pytest.approx(real["contrast"] * span, abs=error_k)


def test_a_real_radiometric_frame_in_every_palette(shared_dir: Path) -> None:
    from zipfile import ZipFile

    with ZipFile(shared_dir / "data" / "radiometric_samples.zip") as archive:
        (name,) = [item for item in archive.namelist() if "flir_example" in item]
        data = archive.read(name)
    segments = [data[first:end] for _, first, end in jpeg_segments(data) if data.startswith(SEGMENT, first)]
    celsius, _ = read_celsius(flir_file(segments), 10**6)
    low, high = 20.0, 65.0
    truth = np.rint((celsius - low) / (high - low) * 255).astype(np.uint8)
    recognised = 0
    for palette, kind in KNOWN:
        image = decoded(palette_table(palette, kind)[truth], 90)
        if image.palette.name != palette:
            continue  # most of the frame has one temperature; its few colours need not name every palette
        recognised += 1
        row = palette_levels(image)
        assert row is not None
        error_k = row["inversion_error"] * (high - low)
        assert low + row["maximum"] * (high - low) == pytest.approx(celsius.max(), abs=error_k), palette
        assert low + row["mean"] * (high - low) == pytest.approx(celsius.mean(), abs=error_k), palette
    assert recognised >= len(KNOWN) - 2


def test_hot_spot_contrast_and_fraction_are_those_of_a_thermographer() -> None:
    """A plate at level 60 with a spot of 4 % at level 180, and one lone pixel at 250."""
    levels = np.full((100, 100), 60, np.uint8)
    levels[:20, :20] = 180
    levels[50, 50] = 250
    found = distribution(np.bincount(levels.ravel(), minlength=256))
    assert found["maximum"] == pytest.approx(250 / 255)
    assert found["background"] == pytest.approx(60 / 255)
    assert found["hot_spot"] == pytest.approx((99 * 180 + 250) / 100 / 255)  # the hottest hundredth
    assert found["contrast"] == pytest.approx(120.7 / 255)
    assert found["hot_fraction"] == pytest.approx(0.0401)
    assert found["cold_fraction"] == 0.0
    turned = distribution(np.bincount(255 - levels.ravel(), minlength=256))
    assert turned["cold_spot"] == pytest.approx(1 - found["hot_spot"])  # type: ignore[operator]
    assert turned["cold_fraction"] == pytest.approx(0.0401)


def test_deep_pictures_keep_the_levels_of_their_ends_and_blank_ones_have_no_spot() -> None:
    stream = io.BytesIO()
    Image.fromarray(np.linspace(7000, 9000, 600).astype(np.uint16).reshape(20, 30)).save(stream, "PNG")
    row = palette_levels(decode_image(stream.getvalue()))
    assert row is not None
    assert (row["level_low"], row["level_high"], row["mean"]) == (7000, 9000, pytest.approx(0.5, abs=0.005))
    blank = palette_levels(decoded(np.full((20, 30, 3), 9, np.uint8)))
    assert blank is not None
    assert (blank["contrast"], blank["hot_fraction"], blank["cold_fraction"]) == (0.0, 0.0, 0.0)
    noise = np.random.default_rng(1).integers(0, 256, (60, 60, 3), dtype=np.uint8)
    assert palette_levels(decoded(noise)) is None
