"""Vectors on disk: what a crash, a second writer or a damaged file may do, and what it may not."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from thermal_assets.embedding.key_index import KeyIndex, as_keys
from thermal_assets.embedding.vector_store import VectorStore
from thermal_assets_tests.embedding.samples import hashes, vector_of

D = 32


def filled(root: Path, keys: list[str], chunk: int = 10) -> VectorStore:
    store = VectorStore(root, "lens", D)
    for start in range(0, len(keys), chunk):
        part = keys[start : start + chunk]
        store.write_chunk(part, np.stack([vector_of(key, D) for key in part]))
    return store


def test_vectors_come_back_in_the_order_asked_for(tmp_path: Path) -> None:
    keys = hashes(35)
    store = filled(tmp_path, keys)
    wanted = [*reversed(keys), keys[3], keys[3]]
    expected = np.stack([vector_of(key, D) for key in wanted])
    assert np.array_equal(store.gather(wanted), expected)
    assert np.array_equal(np.concatenate(list(store.iter_blocks(wanted, 8))), expected)
    out = np.empty((len(wanted), D), np.float32)
    assert store.gather(wanted, out) is out
    assert np.array_equal(out, expected)
    assert store.missing([*keys, *hashes(3, 1000)]) == set(hashes(3, 1000))
    assert store.gather([]).shape == (0, D)
    with pytest.raises(KeyError, match="1 of 2"):
        store.gather([keys[0], hashes(1, 1000)[0]])


def test_another_process_sees_new_chunks(tmp_path: Path) -> None:
    reader = VectorStore(tmp_path, "lens", D)
    keys = hashes(4)
    assert reader.missing(keys) == set(keys)
    filled(tmp_path, keys)
    assert reader.missing(keys) == set()
    assert reader.gather(keys).shape == (4, D)


def test_damaged_chunks_are_computed_again(tmp_path: Path) -> None:
    keys = hashes(30)
    store = filled(tmp_path, keys)
    vector_files = sorted(store.directory.glob("*.vectors"))
    vector_files[0].write_bytes(vector_files[0].read_bytes()[:-4])  # cut short
    vector_files[1].with_suffix(".keys").unlink()  # died before the keys came
    again = VectorStore(tmp_path, "lens", D)
    lost = again.missing(keys)
    assert len(lost) == 20
    again.write_chunk(sorted(lost), np.stack([vector_of(key, D) for key in sorted(lost)]))
    whole = VectorStore(tmp_path, "lens", D)
    assert whole.missing(keys) == set()
    assert np.array_equal(whole.gather(keys), np.stack([vector_of(key, D) for key in keys]))


def test_a_damaged_chunk_written_again_counts_again(tmp_path: Path) -> None:
    keys = hashes(10)
    store = filled(tmp_path, keys)
    data = next(store.directory.glob("*.vectors"))
    data.write_bytes(b"")
    again = VectorStore(tmp_path, "lens", D)
    assert again.missing(keys) == set(keys)
    again.write_chunk(keys, np.stack([vector_of(key, D) for key in keys]))  # the same content: the same file name
    assert again.missing(keys) == set()


WRITER = """
import sys
import numpy as np
from pathlib import Path
from thermal_assets.embedding.vector_store import VectorStore
from thermal_assets_tests.embedding.samples import hashes, vector_of
store = VectorStore(Path(sys.argv[1]), "lens", 32)
print("ready", flush=True)
for start in range(0, 4000, 20):
    keys = hashes(20, start)
    if store.missing(keys):
        store.write_chunk(keys, np.stack([vector_of(key, 32) for key in keys]))
"""


def test_killed_writers_lose_at_most_their_chunk(tmp_path: Path) -> None:
    keys = hashes(4000)
    survived = 0
    for delay in (0.03, 0.08, 0.15):
        with subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            writer.stdout.readline()
            time.sleep(delay)
            while delay > 0.1 and not list((tmp_path / "lens").glob("*.keys")):  # however busy the machine is
                time.sleep(0.01)
            writer.send_signal(signal.SIGKILL)
        store = VectorStore(tmp_path, "lens", D)
        lost = store.missing(keys)
        there = [key for key in keys if key not in lost]
        assert len(there) >= survived, "what was committed stays"
        survived = len(there)
        assert survived % 20 == 0, "a chunk counts as a whole or not at all"
        assert np.array_equal(store.gather(there), np.array([vector_of(key, D) for key in there]).reshape(-1, D))
    assert survived > 0
    (tmp_path / "lens" / ".tmp-otherhost+1-abc").write_bytes(b"")  # maybe alive: not ours to judge
    dead = subprocess.Popen(["true"])
    dead.wait()
    left = tmp_path / "lens" / f".tmp-{socket.gethostname()}+{dead.pid}-abc"
    left.write_bytes(b"half")
    store.write_chunk(hashes(1, 9000), vector_of(hashes(1, 9000)[0], D)[None])
    assert [path.name for path in (tmp_path / "lens").glob(".tmp-*")] == [".tmp-otherhost+1-abc"]


def test_index_of_a_million_keys_is_exact_and_quick() -> None:
    keys = np.random.default_rng(0).integers(0, 256, (1_200_000, 16), dtype=np.uint8)
    keys[1000:2000, :8] = keys[0, :8]  # equal first halves must not be confused
    started = time.process_time()
    index = KeyIndex(keys)
    assert time.process_time() - started < 2.0
    sample = np.r_[0:3000, 1_199_000:1_200_000]
    assert np.array_equal(index.find(keys[sample]), sample)
    assert (index.find(np.random.default_rng(1).integers(0, 256, (100, 16), dtype=np.uint8)) == -1).all()
    unknown = keys[500:501].copy()
    unknown[0, 15] ^= 1
    assert index.find(unknown)[0] == -1


def test_what_is_no_hash_is_refused() -> None:
    for wrong in (["abc"], ["g" * 32], ["0" * 31, "0" * 33]):
        with pytest.raises(ValueError, match=r"hash|hexadecimal"):
            as_keys(wrong)
