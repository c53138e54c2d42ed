"""Statistics, problems and small pictures by content hash."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from thermal_assets.embedding.stats_store import StatsRecord, StatsStore
from thermal_assets.errors import UserError
from thermal_assets_tests.embedding.samples import hashes


def record(key: str, decodable: bool = True) -> StatsRecord:
    if not decodable:
        return StatsRecord(key, None, [("truncated", "cut off")])
    generator = np.random.default_rng(int(key[:8], 16))
    return StatsRecord(
        key,
        {"width": int(key[:2], 16), "entropy": None if key[0] == "0" else 1.5, "palette": "iron"},
        [("bad_exif", "odd")] if key[1] == "1" else [],
        generator.integers(0, 1 << 32, (3, 256), dtype=np.uint32),
        generator.integers(0, 256, (64, 64, 3), dtype=np.uint8),
    )


@pytest.fixture
def keys() -> list[str]:
    return hashes(40)


@pytest.fixture
def store(tmp_path: Path, keys: list[str]) -> StatsStore:
    """Forty records in two chunks; every fifth image cannot be decoded."""
    store = StatsStore(tmp_path)
    for part in (keys[:25], keys[25:]):
        store.write_chunk([record(key, int(key, 16) % 5 > 0) for key in part])
    return store


def test_statistics_and_problems_come_back(store: StatsStore, keys: list[str]) -> None:
    decodable = [key for key in keys if int(key, 16) % 5]
    assert len(decodable) < len(keys)
    asked = [*keys, keys[0], *hashes(2, 500)]
    found = {row.pop("content_hash"): row for row in store.statistics(asked).to_dicts()}
    assert found == {key: record(key).statistics for key in decodable}
    problems = store.problems(keys)
    broken = problems.filter("unreadable")
    assert set(broken["content_hash"]) == set(keys) - set(decodable) == store.unreadable(keys)
    assert set(broken["code"]) == {"truncated"}
    odd = {key for key in decodable if key[1] == "1"}
    assert set(problems.remove("unreadable")["content_hash"]) == odd
    assert store.missing(asked) == set(hashes(2, 500))


def test_pictures_come_back_to_the_bit_once_for_every_image(store: StatsStore, keys: list[str]) -> None:
    decodable = [key for key in keys if int(key, 16) % 5]
    asked = [*keys, decodable[0], *hashes(2, 500)]  # two files with equal bytes are two images
    blocks = list(store.pictures(asked, block=7))
    assert max(len(histograms) for histograms, _ in blocks) <= 7
    found = sorted(h.tobytes() + c.tobytes() for hs, cs in blocks for h, c in zip(hs, cs, strict=True))
    expected = [record(key) for key in [*decodable, decodable[0]]]
    assert found == sorted(r.histogram.tobytes() + r.canvas.tobytes() for r in expected)


def test_a_store_of_undecodable_images_has_empty_tables(tmp_path: Path) -> None:
    store = StatsStore(tmp_path)
    store.write_chunk([record(key, False) for key in hashes(3)])
    assert store.statistics(hashes(3)).height == 0
    assert store.problems(hashes(3)).height == 3
    assert list(store.pictures(hashes(3))) == []
    assert StatsStore(tmp_path, "another version").missing(hashes(3)) == set(hashes(3))


def test_a_chunk_that_rotted_on_disk_is_named(store: StatsStore, keys: list[str]) -> None:
    for path in store.directory.glob("*.pictures"):
        path.write_bytes(bytes(path.stat().st_size))
    with pytest.raises(UserError, match="damaged on disk"):
        list(store.pictures(keys))
