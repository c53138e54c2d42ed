"""Vectors for a step: in memory while they are few, a mapped file that leaves nothing behind where they are many."""

from __future__ import annotations

import mmap
from pathlib import Path

import numpy as np
import psutil
import pytest

from thermal_assets.embedding.vector_store import VectorStore
from thermal_assets.home.layout import Home
from thermal_assets.mapped_files import release_pages
from thermal_assets.neighbors.exact import nearest
from thermal_assets.steps import images
from thermal_assets_tests.embedding.samples import hashes, vector_of


def test_many_vectors_are_a_map_of_a_file_that_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home, keys = Home(tmp_path), hashes(70)
    VectorStore(home.vectors, "lens", 24).write_chunk(keys, np.stack([vector_of(key, 24) for key in keys]))
    before = {path.name for path in tmp_path.iterdir()}
    wanted = keys[::-1]
    few = images.vectors_of(home, "lens", wanted)
    monkeypatch.setattr(images, "_IN_MEMORY_BYTES", 0)
    monkeypatch.setattr(images, "_BLOCK", 16)
    many = images.vectors_of(home, "lens", wanted)
    assert isinstance(many, np.memmap)
    np.testing.assert_array_equal(many, few)
    assert {path.name for path in tmp_path.iterdir()} == before
    np.testing.assert_array_equal(nearest(many, 3).indices, nearest(few, 3).indices)


@pytest.mark.skipif(not hasattr(mmap, "MADV_DONTNEED"), reason="this system cannot be told")
def test_pages_that_were_read_are_given_back_and_can_be_read_again(tmp_path: Path) -> None:
    path = tmp_path / "vectors"
    path.write_bytes(np.ones((8192, 1280), np.float32).tobytes())  # 40 MB
    vectors = np.memmap(path, np.float32, mode="r", shape=(8192, 1280))
    assert vectors.sum() == vectors.size
    own = psutil.Process()
    before = own.memory_info().rss
    release_pages(vectors)
    assert before - own.memory_info().rss > 30e6
    assert vectors.sum() == vectors.size
    before = own.memory_info().rss
    release_pages(np.asarray(vectors)[5:])  # a view of the map
    assert before - own.memory_info().rss > 30e6
    release_pages(np.ones(3, np.float32))  # not mapped: nothing to give back
