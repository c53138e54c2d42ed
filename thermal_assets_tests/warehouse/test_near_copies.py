"""Which pairs are near copies: by distance or by hash, among the neighbours of either list, where the hash tells."""

from __future__ import annotations

import duckdb
import numpy as np

from thermal_assets.warehouse.near_copies import NearCopyLimits, near_copy_pairs
from thermal_assets_tests.findings.fixtures import LENSES, SmallWarehouse

BLANK = "00" * 32


def pairs(connection: duckdb.DuckDBPyConnection, limits: NearCopyLimits) -> list[tuple[int, int, int | None]]:
    return sorted(near_copy_pairs(connection, LENSES["L2"], limits).iter_rows(), key=lambda row: row[:2])


def warehouse(hashes: list[str | None], sessions: list[str | None] | None = None) -> SmallWarehouse:
    """Class 'a': an image of each hash, keys from 0, all pictures different, none with neighbours yet."""
    w = SmallWarehouse()
    w.add("class_catalog", class_name="a", partition_key="a")
    for key, perceptual in enumerate(hashes):
        identity = {"image_id": f"a/{key}", "class_name": "a", "image_key": key}
        w.add("file_manifest", **identity, session_id=sessions[key] if sessions else None)
        w.add("channel_stats", **identity, perceptual_hash=perceptual, pixel_hash=f"{key}")
    return w


def near(w: SmallWarehouse, table: str, key: int, others: dict[int, float], level: str = "L2") -> None:
    w.add(table, image_key=key, class_name="a", level=level, lens_id=LENSES[level],
          neighbor_keys=list(others), distances=list(others.values()),
          **({"metric": "euclidean"} if table == "dataset_neighbors" else {}))  # fmt: skip


def random_hashes(count: int) -> list[str | None]:
    random = np.random.default_rng(0)
    return [random.bytes(32).hex() for _ in range(count)]


def test_near_by_distance_or_by_hash_in_either_list() -> None:
    hashes = random_hashes(8)
    own = bytes.fromhex(hashes[0] or "")
    hashes[1] = bytes([own[0] ^ 0xFF, *own[1:]]).hex()  # 8 bits
    hashes[2] = bytes([byte ^ 0xFF for byte in own[:5]] + list(own[5:])).hex()  # 40 bits
    hashes[4] = None
    w = warehouse(hashes)
    near(w, "dataset_neighbors", 0, {1: 0.4, 2: 0.4, 3: 0.4})
    near(w, "class_neighbors", 0, {4: 0.04, 5: 0.06})
    near(w, "class_neighbors", 1, {0: 0.4})
    near(w, "class_neighbors", 6, {7: 0.01}, level="L3")
    assert pairs(w.connect(), NearCopyLimits()) == [(0, 1, 8), (0, 4, None), (1, 0, 8)]
    assert pairs(w.connect(), NearCopyLimits(0.05, 40)) == [(0, 1, 8), (0, 2, 40), (0, 4, None), (1, 0, 8)]


def test_where_pictures_share_an_overlay_the_hash_says_nothing() -> None:
    """All 40 pictures of the class look alike to the hash, whoever is drawn: only the vectors count."""
    w = warehouse([BLANK] * 40)
    near(w, "class_neighbors", 0, {1: 0.4, 2: 0.01})
    assert pairs(w.connect(), NearCopyLimits()) == [(0, 2, None)]


def test_a_burst_of_one_session_is_no_overlay() -> None:
    """The first twelve of 40 are near frames of one session: pairs of one session are not drawn."""
    w = warehouse([BLANK] * 12 + random_hashes(28), ["s"] * 12 + [f"t{i}" for i in range(28)])
    near(w, "class_neighbors", 0, {1: 0.4, 20: 0.4})
    assert pairs(w.connect(), NearCopyLimits()) == [(0, 1, 0)]
