"""Class totals are exact: the same images leave the same bits, in whatever order they came and went."""

from __future__ import annotations

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from thermal_assets.imaging.class_pictures import CANVAS, ClassTotals, canvas, histogram
from thermal_assets.imaging.decode import decode_image
from thermal_assets_tests.imaging.pictures import colours, counts_16_bit, encode, grey_levels


def sample(count: int, seed: int = 0) -> tuple[NDArray[np.uint32], NDArray[np.uint8]]:
    rng = np.random.default_rng(seed)
    histograms = rng.integers(0, 5000, (count, 3, 256)).astype(np.uint32)
    return histograms, rng.integers(0, 256, (count, CANVAS, CANVAS, 3), dtype=np.uint8)


def bits(totals: ClassTotals) -> tuple[object, ...]:
    return totals.image_count, totals.histogram.tobytes(), totals.to_blob(), totals.mean_png(), totals.std_png()


def test_any_order_of_adding_and_taking_away_gives_identical_bits() -> None:
    histograms, canvases = sample(600)
    batch, single = ClassTotals(), ClassTotals()
    batch.add_batch(histograms[:400], canvases[:400])
    order = np.random.default_rng(1).permutation(600)
    single.add_batch(histograms[order], canvases[order])
    for index in range(599, 399, -1):
        single.subtract(histograms[index], canvases[index])
    assert bits(batch) == bits(single)
    one, other = ClassTotals(), ClassTotals()
    one.add_batch(histograms[:150], canvases[:150])
    other.add_batch(histograms[150:400], canvases[150:400])
    other.merge(one)
    assert bits(other) == bits(batch)


def test_totals_describe_the_images() -> None:
    histograms, canvases = sample(50)
    totals = ClassTotals()
    totals.add_batch(histograms, canvases)
    mean, deviation = totals.mean(), totals.deviation()
    assert mean is not None
    assert deviation is not None
    assert np.allclose(mean, canvases.mean(axis=0), rtol=1e-13)
    assert np.allclose(deviation, canvases.astype(np.float64).std(axis=0), rtol=1e-12)
    assert totals.mean_std() == pytest.approx(canvases.astype(np.float64).std(axis=0).mean())
    assert np.array_equal(totals.histogram, histograms.sum(axis=0))
    picture = np.array(Image.open(io.BytesIO(totals.mean_png() or b"")))
    assert np.array_equal(picture, np.rint(canvases.mean(axis=0)).astype(np.uint8))
    spread = np.array(Image.open(io.BytesIO(totals.std_png() or b"")))
    assert (spread.shape, spread.max()) == ((CANVAS, CANVAS, 3), 255)


def test_equal_images_deviate_by_nothing_at_all() -> None:
    histograms, canvases = sample(1)
    totals = ClassTotals()
    totals.add_batch(np.repeat(histograms, 7, axis=0), np.repeat(canvases, 7, axis=0))
    assert totals.mean_std() == 0.0


def test_a_restless_class_has_a_blurrier_mean_than_a_still_one() -> None:
    scene = np.repeat(np.repeat(np.random.default_rng(2).integers(0, 256, (16, 16, 3)), 4, axis=0), 4, axis=1)
    still, restless = ClassTotals(), ClassTotals()
    for step in range(20):
        levels = np.zeros((3, 256), np.uint32)
        still.add(levels, scene.astype(np.uint8))
        restless.add(levels, np.roll(scene, 3 * step, axis=(0, 1)).astype(np.uint8))
    assert (restless.mean_image_sharpness() or 0) < 0.5 * (still.mean_image_sharpness() or 0)
    assert (restless.mean_std() or 0) > 20


def test_no_images_no_picture() -> None:
    empty = ClassTotals()
    assert (empty.mean_png(), empty.std_png(), empty.mean_std(), empty.mean_image_sharpness()) == (None,) * 4
    histograms, canvases = sample(2)
    empty.add_batch(histograms[:1], canvases[:1])
    with pytest.raises(ValueError, match="cannot take 2 images"):
        empty.subtract_batch(histograms, canvases)
    assert empty.image_count == 1


def test_blobs_come_back_whole_and_strangers_are_refused() -> None:
    totals = ClassTotals()
    totals.add_batch(*sample(9))
    again = ClassTotals.from_blob(totals.to_blob(), totals.image_count, totals.histogram)
    assert bits(again) == bits(totals)
    with pytest.raises(ValueError, match="canvas totals"):
        ClassTotals.from_blob(b"something else", 9, totals.histogram)
    with pytest.raises(ValueError, match=r"\[n, 3, 256\]"):
        totals.add(np.zeros((3, 255), np.uint32), np.zeros((CANVAS, CANVAS, 3), np.uint8))


def test_histogram_counts_every_pixel_as_displayed() -> None:
    found = histogram(decode_image(encode(Image.fromarray(colours()))))
    assert found.dtype == np.uint32
    for channel in range(3):
        assert np.array_equal(found[channel], np.bincount(colours()[:, :, channel].ravel(), minlength=256))
    for image in (grey_levels(), counts_16_bit(), grey_levels() > 100):
        decoded = decode_image(encode(Image.fromarray(image)))
        expected = np.bincount(decoded.rgb[:, :, 0].ravel(), minlength=256)
        assert np.array_equal(histogram(decoded), np.repeat(expected[None], 3, axis=0))


@pytest.mark.parametrize("size", [(24, 40), (64, 64), (170, 170), (30, 300), (1, 1)])
def test_canvas_keeps_the_mean_level_and_where_things_are(size: tuple[int, int]) -> None:
    height, width = size
    ramp = np.broadcast_to(np.linspace(40, 200, width).astype(np.uint8)[None, :, None], (height, width, 3))
    found = canvas(decode_image(encode(Image.fromarray(np.ascontiguousarray(ramp)))))
    assert (found.shape, found.dtype) == ((CANVAS, CANVAS, 3), np.uint8)
    assert found.mean() == pytest.approx(ramp.mean(), abs=1.5)
    assert (np.diff(found[CANVAS // 2, :, 1].astype(int)) >= 0).all()


def test_canvas_is_the_same_for_grey_and_for_its_rgb_copy() -> None:
    grey = Image.fromarray(grey_levels()).resize((150, 90))
    one, three = canvas(decode_image(encode(grey))), canvas(decode_image(encode(grey.convert("RGB"))))
    assert one.shape == (CANVAS, CANVAS, 1)
    assert np.array_equal(np.repeat(one, 3, axis=2), three)
