"""Which pairs are near copies: by distance or by hash, among the neighbours of either list, where the hash tells."""

from __future__ import annotations

import duckdb
import numpy as np

from thermal_assets.warehouse.near_copies import NearCopyLimits, near_copy_pairs, silent_classes
from thermal_assets_tests.findings.fixtures import LENSES, SmallWarehouse

BLANK = "00" * 32


def pairs(connection: duckdb.DuckDBPyConnection, limits: NearCopyLimits) -> list[tuple[int, int, int | None]]:
    found = near_copy_pairs(connection, LENSES["L2"], limits, silent_classes(connection, limits.bits))
    return sorted(found.iter_rows(), key=lambda row: row[:2])


def warehouse(hashes: list[str | None], sessions: list[str | None] | None = None) -> SmallWarehouse:
    """Class 'a': an image of each hash, keys from 0, all pictures different, none with neighbours yet."""
    w = SmallWarehouse()
    w.add("class_catalog", class_name="a", partition_key="a")
    for key, perceptual in enumerate(hashes):
        identity = {"image_id": f"a/{key}", "class_name": "a", "image_key": key, "content_hash": f"{key}"}
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


def test_lists_of_another_lens_or_reading_and_hashes_of_other_bytes_do_not_count() -> None:
    w = warehouse([BLANK, BLANK, *random_hashes(2)])
    near(w, "class_neighbors", 0, {1: 0.4, 2: 0.01})
    near(w, "dataset_neighbors", 0, {3: 0.01})
    w.of("dataset_neighbors")[0]["metric"] = "whitened_cosine"
    near(w, "class_neighbors", 2, {3: 0.01})
    w.of("class_neighbors")[1]["lens_id"] = "another"
    assert pairs(w.connect(), NearCopyLimits()) == [(0, 1, 0), (0, 2, 128)]
    w.of("file_manifest")[1]["content_hash"] = "edited since"
    assert pairs(w.connect(), NearCopyLimits()) == [(0, 2, 128)]


def alike(share: float, count: int = 200, sessions: int = 40) -> SmallWarehouse:
    """``share`` of the pictures of a class look alike to the hash, all over its sessions; the first two are neighbours."""
    few = round(share * count)
    order = np.random.default_rng(1).permutation(count)
    hashes = [BLANK if place < few else own for place, own in zip(order, random_hashes(count), strict=True)]
    w = warehouse(hashes, [f"s{key % sessions}" for key in range(count)])
    first, second = np.flatnonzero(order < few)[:2].tolist()
    near(w, "class_neighbors", first, {second: 0.4})
    return w


def test_where_pictures_drawn_by_lot_look_alike_the_hash_says_nothing() -> None:
    """An overlay, a mask or a fixed view; also in part of a class, and in a class of one session."""
    for w in (alike(1.0), alike(0.2), alike(1.0, sessions=1), alike(0.2, sessions=1)):
        assert silent_classes(w.connect(), 32) == ["a"]
        assert pairs(w.connect(), NearCopyLimits()) == []
    assert silent_classes(warehouse([BLANK] * 40).connect(), 32) == ["a"]


def test_a_few_copies_do_not_silence_a_class() -> None:
    w = alike(0.02)
    assert silent_classes(w.connect(), 32) == []
    assert len(pairs(w.connect(), NearCopyLimits())) == 1


def test_equal_pixels_and_bursts_of_one_session_are_no_overlay() -> None:
    """The first twelve of 40 are near frames of one session, or one picture in twelve files."""
    w = warehouse([BLANK] * 12 + random_hashes(28), ["s"] * 12 + [f"t{i}" for i in range(28)])
    near(w, "class_neighbors", 0, {1: 0.4, 20: 0.4})
    assert pairs(w.connect(), NearCopyLimits()) == [(0, 1, 0)]
    w = warehouse([BLANK] * 12 + random_hashes(28))
    assert silent_classes(w.connect(), 32) == ["a"]
    for row in w.of("channel_stats")[:12]:
        row["pixel_hash"] = "one"
    assert silent_classes(w.connect(), 32) == []
