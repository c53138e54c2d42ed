"""Which image an annotation belongs to."""

from __future__ import annotations

import polars as pl
import pytest

from thermal_assets.annotations.matching import Matches, match_images

IMAGES = pl.DataFrame(
    [
        ("C/a.png", None),
        ("C/s/b.png", None),
        ("C/s/twin.png", None),
        ("C/t/twin.png", None),
        ("C/f_003_bbox0.png", 0),
        ("C/f_003_bbox1.png", 1),
    ],
    schema={"image_id": pl.String, "bbox_index": pl.Int64},
    orient="row",
).with_columns(file_name=pl.col("image_id").str.split("/").list.last())


def match(*entries: tuple[str, str | None], shared: bool = False, images: int = 1) -> Matches:
    """Each entry: source_file and the file name it gives."""
    frame = pl.DataFrame(
        [(source, f"hash {i}", shared, images, i if shared else 0, ref, 1) for i, (source, ref) in enumerate(entries)],
        schema={"source_file": pl.String, "content_hash": pl.String, "shared": pl.Boolean, "images": pl.Int64,
                "image_number": pl.Int64, "image_ref": pl.String, "objects": pl.Int64},
        orient="row",
    )  # fmt: skip
    return match_images(IMAGES, frame, "C")


@pytest.mark.parametrize(
    ("source", "ref", "image"),
    [
        ("annotations/C/a.json", None, "C/a.png"),
        ("images/C/a.json", "anything.png", "C/a.png"),
        ("annotations/C/a.png.json", None, "C/a.png"),
        ("annotations/C/s/twin.json", None, "C/s/twin.png"),
        ("annotations/C/b.json", None, "C/s/b.png"),
        ("annotations/C/other.json", "b.png", "C/s/b.png"),
        ("annotations/C/twin.json", None, None),
        ("annotations/C/none.json", None, None),
        ("annotations/C/none.json", "D/none.png", None),
    ],
)
def test_a_file_for_one_image(source: str, ref: str | None, image: str | None) -> None:
    matches = match((source, ref))
    assert matches.pairs["image_id"].to_list() == ([image] if image else [])
    assert matches.unmatched.height == (image is None)


@pytest.mark.parametrize(
    ("ref", "images"),
    [
        ("C/a.png", ["C/a.png"]),
        ("a.png", ["C/a.png"]),
        ("train\\C\\a.png", ["C/a.png"]),
        ("./C/s/twin.png", ["C/s/twin.png"]),
        ("D/a.png", []),
        ("twin.png", []),
        ("D/s/twin.png", []),
        ("f_003.png", ["C/f_003_bbox0.png", "C/f_003_bbox1.png"]),
    ],
)
def test_a_file_for_many_images_names_them(ref: str, images: list[str]) -> None:
    matches = match(("annotations/all.json", ref), shared=True, images=5)
    assert matches.pairs["image_id"].to_list() == images


def test_a_crop_shows_its_own_object_of_the_frame() -> None:
    pairs = match(("annotations/C/f_003.json", "f_003.png")).pairs
    assert pairs.select("image_id", "object_number").rows() == [("C/f_003_bbox0.png", 1), ("C/f_003_bbox1.png", 2)]


def test_the_second_of_two_files_on_one_image_is_told() -> None:
    matches = match(("annotations/C/a.json", None), ("images/C/a.json", None))
    assert matches.pairs["source_file"].to_list() == ["annotations/C/a.json"]
    assert matches.repeated.rows() == [("C/a.png", "images/C/a.json")]
