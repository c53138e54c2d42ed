"""Mutated image files through the real image pass: no crash, no hang, every file accounted for.

    THERMAL_ASSETS_FUZZ=5000 pytest thermal_assets_tests/imaging/test_fuzz.py -s

mutates that many files instead of 300 and says what became of them.
"""

from __future__ import annotations

import faulthandler
import hashlib
import os
import shutil
import time
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from thermal_assets.embedding import image_pass
from thermal_assets.embedding.image_work import by_product_columns
from thermal_assets.home.layout import create_home
from thermal_assets.home.settings import HomeSettings
from thermal_assets.imaging.channel_stats import channel_statistics
from thermal_assets.imaging.decode import decode_image
from thermal_assets.manifest.identity import partition_key_of
from thermal_assets.steps.classes import materialize_image_classes
from thermal_assets.steps.image_pass import materialize_image_pass
from thermal_assets.steps.manifest import materialize_file_manifest
from thermal_assets.synthetic.dataset import plan_dataset
from thermal_assets.synthetic.files import file_bytes
from thermal_assets_tests.conftest import REPOSITORY
from thermal_assets_tests.imaging.mutations import mutated
from thermal_assets_tests.imaging.pictures import (
    colours,
    counts_16_bit,
    encode,
    grey_levels,
    png_of_bytes,
    tiff_of_shorts,
)

COUNT = int(os.environ.get("THERMAL_ASSETS_FUZZ", "300"))
FIRST_SEED = int(os.environ.get("THERMAL_ASSETS_FUZZ_SEED", "0"))
BATCH = 250
HANG_SECONDS = 10.0
STATISTICS = frozenset({"channel_stats", "class_pixel_stats"})
REAL = {"hit_uav_crops": 6, "hit_uav_frames": 3, "radiometric_samples": 9, "solar_modules": 6}


def drawn_files() -> list[bytes]:
    """Small files of every kind that the project reads."""
    grey, rgb = Image.fromarray(grey_levels()), Image.fromarray(colours())
    alpha = Image.fromarray(grey_levels(1))
    rgba, grey_alpha = rgb.copy(), grey.copy()
    rgba.putalpha(alpha)
    grey_alpha.putalpha(alpha)
    deep = counts_16_bit()
    mpo = encode(rgb, "MPO", save_all=True, append_images=[grey.convert("RGB")])
    return [
        encode(grey), encode(rgb), encode(rgba), encode(grey_alpha), encode(rgb.convert("P")), encode(grey.convert("1")),
        encode(Image.fromarray(deep)), png_of_bytes(deep[..., None].repeat(3, axis=2), 2), encode(grey, "JPEG"),
        encode(rgb, "JPEG"), encode(rgb, "JPEG", progressive=True), encode(rgb.convert("CMYK"), "JPEG"), mpo,
        encode(Image.fromarray(deep), "TIFF"), tiff_of_shorts(deep, ">"), encode(rgb, "TIFF", compression="tiff_lzw"),
        encode(Image.fromarray(deep.astype(np.float32)), "TIFF"), encode(rgb, "BMP"), encode(rgb, "GIF"),
        encode(rgb, "WEBP"),
    ]  # fmt: skip


def sample_files() -> list[bytes]:
    """Drawn files, crops of the sample data set, and real files where they lie beside this checkout."""
    plan, _ = plan_dataset(200, 3, clean=True)
    files = drawn_files() + [file_bytes(file)[0] for file in plan.all_files()[::25]]
    for name, most in REAL.items():
        archive = REPOSITORY.parent / "shared" / "data" / f"{name}.zip"
        if not archive.is_file():
            continue
        with zipfile.ZipFile(archive) as stored:
            members = sorted(m for m in stored.namelist() if m.lower().endswith((".png", ".jpg", ".jpeg")))
            files += [stored.read(member) for member in members[:: max(1, len(members) // most)][:most]]
    return files


def test_mutated_files_neither_crash_nor_hang_and_are_all_accounted_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    longest: dict[str, float] = {}
    process = image_pass.process

    def timed(task: Any, *arguments: Any) -> Any:
        started = time.thread_time()
        try:
            return process(task, *arguments)
        finally:
            longest[task.files[0].image_id] = time.thread_time() - started

    monkeypatch.setattr(image_pass, "process", timed)
    sources = sample_files()
    for data in sources[:2]:  # grey and colour: what a process does once is no part of an image's time
        by_product_columns(decode_image(data)), channel_statistics(decode_image(data))
    images = tmp_path / "images"
    folder = images / "mutated"
    folder.mkdir(parents=True)
    home = create_home(tmp_path / "home", HomeSettings(image_root=str(images), workers=2))
    key, outcomes, read = partition_key_of("mutated"), Counter[str](), 0
    materialize_image_classes(home, "fuzz")
    for first in range(FIRST_SEED, FIRST_SEED + COUNT, BATCH):
        written = {}
        for seed in range(first, min(first + BATCH, FIRST_SEED + COUNT)):
            data, extension = mutated(sources, seed)
            (folder / f"{seed:06d}.{extension}").write_bytes(data)
            written[f"mutated/{seed:06d}.{extension}"] = hashlib.blake2b(data).digest()
        # A thread that hangs in C code cannot be stopped from here: say where, and end the run.
        faulthandler.dump_traceback_later(600, exit=True)
        materialize_file_manifest(home, f"batch {first}", key)
        materialize_image_pass(home, f"batch {first}", key, STATISTICS)
        faulthandler.cancel_dump_traceback_later()
        with home.warehouse.read() as connection:
            good = {image for (image,) in connection.execute("SELECT image_id FROM channel_stats").fetchall()}
            problems = connection.execute("SELECT image_id, code, message FROM image_problems").fetchall()
        bad = {image for image, _, _ in problems}
        assert good | bad == written.keys()
        assert all(message and "\n" not in message for _, _, message in problems)
        outcomes.update({image: code for image, code, _ in problems if image not in good}.values())
        read += len(good)
        # The user's files are as they were.
        assert {f"mutated/{p.name}": hashlib.blake2b(p.read_bytes()).digest() for p in folder.iterdir()} == written
        shutil.rmtree(folder)
        folder.mkdir()
    slowest = max(longest, key=lambda image: longest[image])
    print(f"\n{COUNT} mutated files of {len(sources)}: {read} read; refused: {dict(outcomes.most_common())}")
    print(f"slowest {slowest}: {longest[slowest]:.2f} s of processor time")
    assert longest[slowest] < HANG_SECONDS
    assert read > 0
    assert sum(outcomes.values()) + read == COUNT
