"""Copies among 20,000 real solar modules: every group of equal files, none invented."""

from __future__ import annotations

import hashlib
import zipfile
from collections import defaultdict
from pathlib import Path

import polars as pl

from thermal_assets.imaging.channel_stats import pixel_hash
from thermal_assets.imaging.decode import decode_image
from thermal_assets.statistics.duplicates import duplicates


def test_equal_files_of_the_solar_modules_are_all_found_and_none_is_invented(shared_dir: Path) -> None:
    by_bytes: dict[bytes, list[str]] = defaultdict(list)
    rows = []
    with zipfile.ZipFile(shared_dir / "data" / "solar_modules.zip") as stored:
        for member in stored.namelist():
            if not member.endswith(".jpg"):
                continue
            data = stored.read(member)
            by_bytes[data].append(member)
            content = hashlib.blake2b(data, digest_size=16).hexdigest()
            rows.append((member, member.split("/")[0], None, content, pixel_hash(decode_image(data))))
    schema = {"image_id": pl.String, "class_name": pl.String, "session_id": pl.String, "content_hash": pl.String,
              "pixel_hash": pl.String}  # fmt: skip
    found = duplicates(pl.DataFrame(rows, schema=schema, orient="row"))
    truth = sorted(sorted(members) for members in by_bytes.values() if len(members) > 1)
    assert len(rows) == 20_000
    assert len(truth) == 22
    groups = found.filter(kind="file").group_by("group_id").agg(pl.col("image_id").sort(), pl.col("same_class").all())
    assert sorted(groups["image_id"].to_list()) == truth
    across = [group for group in truth if len({member.split("/")[0] for member in group}) > 1]
    assert len(across) == 6
    assert sorted(groups.filter(~pl.col("same_class"))["image_id"].to_list()) == across
    # Different files of equal pixels: whatever is listed as such must be so, pixel by pixel.
    bytes_of = {member: data for data, members in by_bytes.items() for member in members}
    for (_,), group in found.filter(kind="pixels").group_by("group_id"):
        first, *others = [decode_image(bytes_of[member]).rgb for member in group["image_id"]]
        assert all((first == other).all() for other in others)
