import numpy as np
import polars as pl
import pytest

from thermal_assets.neighbors.exact import nearest
from thermal_assets.statistics.duplicates import duplicates
from thermal_assets.warehouse.contract import TABLES
from thermal_assets.warehouse.near_copies import NearCopyLimits


def frame(hashes, pixels, classes=None, sessions=None):
    n = len(hashes)
    return pl.DataFrame(
        {
            "image_id": [f"{i:03d}" for i in range(n)],
            "class_name": classes or ["A"] * n,
            "session_id": pl.Series(sessions or [None] * n, dtype=pl.String),
            "content_hash": pl.Series(hashes, dtype=pl.String),
            "pixel_hash": pl.Series(pixels, dtype=pl.String),
        }
    )


def neighbor_pairs(vectors, limit, k=10):
    found = nearest(vectors, k)
    i, column = np.nonzero(found.indices >= 0)
    pairs = pl.DataFrame({"i": i, "j": found.indices[i, column], "distance": found.distances[i, column]})
    near = pairs.filter(pl.col("distance") <= limit).select("i", "j")
    return near.with_columns(hash_bits=pl.lit(None, dtype=pl.Int32))


def groups(table, kind):
    part = table.filter(kind=kind).group_by("group_id", maintain_order=True).agg("image_id")
    return sorted(sorted(ids) for ids in part["image_id"])


def test_equal_files_and_pictures_are_told_apart():
    images = frame(["h1", "h1", "h2", "h3", None, "h4", "h4"], ["p", "p", "p", "q", None, None, None])
    found = duplicates(images)
    assert groups(found, "file") == [["000", "001"], ["005", "006"]]
    # The picture has two different files, so it is listed once more, whole.
    assert groups(found, "pixels") == [["000", "001", "002"]]
    assert found.filter("keeper")["image_id"].to_list() == ["000", "005", "000"]
    assert found.select(pl.col("distance").max(), pl.col("diameter").max()).row(0) == (0.0, 0.0)


def test_a_group_across_classes_or_sessions_says_so():
    images = frame(["h", "h", "g", "g"], ["p", "p", "q", "q"], ["A", "B", "A", "A"], ["s", "s", "s", "t"])
    rows = duplicates(images).unique("group_id", maintain_order=True)
    assert rows.select("same_class", "same_session").rows() == [(False, True), (True, False)]
    assert duplicates(frame(["h", "h"], ["p", "p"], sessions=["s", None]))["same_session"].to_list() == [None, None]


def test_a_chain_is_split_into_groups_around_keepers():
    """A slow film: each frame near the next, the ends far apart. Linking alone would make one group of 60."""
    line = np.zeros((60, 4), dtype=np.float32)
    line[:, 0] = np.arange(60) * 0.04
    images = frame([f"h{i}" for i in range(60)], [f"p{i}" for i in range(60)])
    found = duplicates(images, line, neighbor_pairs(line, 0.1), limits=NearCopyLimits(0.1))
    sizes = found.group_by("group_id").agg(pl.col("group_size").first())["group_size"]
    assert sizes.max() <= 5
    assert found["diameter"].max() <= 0.2 + 1e-6
    assert found["distance"].max() <= 0.1 + 1e-6
    assert found["image_id"].is_unique().all()
    assert found.filter("keeper").height == found["group_id"].n_unique()


def test_more_copies_than_neighbours_still_make_one_group():
    random = np.random.default_rng(50)
    vectors = random.normal(size=(90, 16)).astype(np.float32)
    vectors[:50] = vectors[0] + random.normal(0, 0.001, (50, 16)).astype(np.float32)
    images = frame([f"h{i}" for i in range(90)], [f"p{i}" for i in range(90)])
    found = duplicates(images, vectors, neighbor_pairs(vectors, 0.05), limits=NearCopyLimits(0.05))
    assert groups(found, "near") == [[f"{i:03d}" for i in range(50)]]
    gaps = np.linalg.norm(vectors[:50, None].astype(float) - vectors[None, :50], axis=2)
    assert found["diameter"][0] == pytest.approx(gaps.max(), rel=1e-6)
    assert found.sort("image_id")["distance"].to_numpy() == pytest.approx(gaps[0], rel=1e-6)


def test_near_groups_hold_more_than_equal_files_and_leave_one_image_to_keep():
    vectors = np.array([[0, 0], [0, 0], [0.01, 0], [5, 5], [5, 5]], dtype=np.float32)
    images = frame(["a", "a", "b", "c", "c"], ["p", "p", "q", "r", "r"])
    found = duplicates(images, vectors, neighbor_pairs(vectors, 0.05, 2), limits=NearCopyLimits(0.05))
    assert groups(found, "near") == [["000", "001", "002"]]
    assert groups(found, "file") == [["000", "001"], ["003", "004"]]
    surplus = set(found.filter(~pl.col("keeper"))["image_id"])
    assert set(images["image_id"]) - surplus == {"000", "003"}


def test_group_names_last_as_long_as_the_keeper_and_any_order_of_rows_will_do():
    images = frame(["h", "h", "h", "g"], ["p", "p", "p", "q"])
    first = duplicates(images)
    assert duplicates(images[::-1]).equals(first)
    assert set(duplicates(images[[0, 2]])["group_id"]) == set(first["group_id"])


def test_nothing_to_group():
    assert duplicates(frame([], [])).columns == TABLES["duplicates"].column_names
    assert duplicates(frame(["a", "b"], ["p", "q"])).height == 0
    far = np.eye(3, dtype=np.float32)
    assert duplicates(frame(list("abc"), list("pqr")), far, neighbor_pairs(far, 0.1, 2)).height == 0


def test_a_copy_that_the_lens_takes_for_another_picture_is_near_by_its_hash() -> None:
    """000 keeps 001 (8 bits) and 002 (24 bits), not 003, which is near 002 only; 004 is near by its vector alone."""
    hashes = ["00" * 32, "ff" + "00" * 31, "ffffff" + "00" * 29, "ffffffffffffff" + "00" * 25, "00" * 32]
    images = frame(list("abcde"), list("pqrst")).with_columns(perceptual_hash=pl.Series(hashes))
    pairs = pl.DataFrame({"i": [0, 1, 2, 3, 0], "j": [1, 2, 3, 2, 4], "hash_bits": [8, 16, 32, 32, None]})
    vectors = 5 * np.eye(5, dtype=np.float32)
    vectors[4] = vectors[0] + 0.01
    found = duplicates(images, vectors, pairs)
    assert groups(found, "near") == [["000", "001", "002", "004"]]
    assert found.sort("image_id")["hash_bits"].to_list() == [0, 8, 24, None]
    stricter = duplicates(images, vectors, pairs, limits=NearCopyLimits(0.05, 20))
    assert groups(stricter, "near") == [["000", "001", "004"]]


def test_a_picture_counts_by_the_image_whose_hash_says_something() -> None:
    """000 has the pixels of 001, in a class whose hashes say nothing: 001 and 002 are near all the same."""
    images = frame(list("abc"), list("ppq")).with_columns(perceptual_hash=pl.Series(["00" * 32] * 3))
    pairs = pl.DataFrame({"i": [1, 0], "j": [2, 1], "hash_bits": [0, None]})
    vectors = np.array([[0, 0], [0, 0], [1, 0]], dtype=np.float32)
    assert groups(duplicates(images, vectors, pairs), "near") == [["000", "001", "002"]]
