"""Plots for Dagster metadata: small, safe in threads, and any name may stand in them."""

from __future__ import annotations

import io
import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from thermal_assets.reporting import plots

HOSTILE = ["$x_1$", "파이프 <b>", "a" * 255, "\u202egnp", "line\nbreak", "%s {} \\alpha $"]


def drawn() -> dict[str, bytes]:
    random = np.random.default_rng(0)
    picture = io.BytesIO()
    Image.fromarray(random.integers(0, 255, (300, 200, 3), dtype=np.uint8)).save(picture, "PNG")
    names = [*HOSTILE, *(f"class {index}" for index in range(100))]
    pairs = [
        {"normal_class": "n", "anomaly_class": name, "level": level, "matched": False, "separability_auc": 0.5}
        | {"ci_low": 0.4 if level == "L2" else None, "ci_high": 0.6}
        for name in names
        for level in ("L2", "L3")
    ]
    values = random.lognormal(0, 0.4, 50_000)
    return {
        "density": plots.density_histogram({HOSTILE[0]: values, "L3": values * 3}, threshold=0.3),
        "density with copies": plots.density_histogram({"L2": [*values[:500], *[1000.0] * 500, np.nan, 0.0]}),
        "balance": plots.class_balance({name: index for index, name in enumerate(names)}),
        "tiles": plots.tiles({"sample": picture.getvalue(), "mean": b"broken", "std": None}, title=HOSTILE[0]),
        "scree": plots.scree(np.geomspace(0.1, 0.0001, 120), explained=0.93),
        "separation": plots.separation_dots(pairs),
        "drift": plots.drift_curve({name: ([1, 2, 4], [3, 2, np.nan]) for name in names}, xlabel="distance, m"),
        "months": plots.drift_curve({"c": (["2020-09", "2020-10"], [1, 2])}, xlabel="month"),
    }


def test_every_plot_is_a_small_png_whatever_the_names() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name, png in drawn().items():
            assert len(png) < plots.MAX_BYTES, name
            with Image.open(io.BytesIO(png)) as image:
                assert image.format == "PNG"
                assert len(image.convert("RGB").getcolors(1 << 20) or []) > 5, name


@pytest.mark.parametrize(
    "png",
    [
        lambda: plots.density_histogram({}),
        lambda: plots.density_histogram({"L2": [np.nan]}),
        lambda: plots.class_balance({}),
        lambda: plots.tiles({}),
        lambda: plots.scree([]),
        lambda: plots.separation_dots([]),
        lambda: plots.drift_curve({}, xlabel="x"),
    ],
)
def test_nothing_to_draw_is_still_a_plot(png) -> None:  # type: ignore[no-untyped-def]
    with Image.open(io.BytesIO(png())) as image:
        assert image.width > 100


def test_same_plot_from_many_threads() -> None:
    def one(_: int) -> bytes:
        return plots.scree(np.geomspace(0.1, 0.0001, 120))

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(one, range(8)))) == 1


def test_importing_the_report_imports_no_matplotlib() -> None:
    code = (
        "import sys, thermal_assets.reporting.plots, thermal_assets.reporting.report\n"
        "assert not {'matplotlib', 'torch', 'jinja2', 'PIL'} & set(sys.modules), 'imported too early'"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
