"""A home with a published copy and real image files, with a fault of each kind planted, without a diagnosis."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pytest
from PIL import Image

from thermal_assets.findings.engine import detect
from thermal_assets.findings.thresholds import Thresholds
from thermal_assets.home.layout import Home, create_home
from thermal_assets.home.settings import HomeSettings
from thermal_assets.manifest.identity import escape, path_of
from thermal_assets.reports_sql.loader import load_project
from thermal_assets.reports_sql.running import build_models
from thermal_assets_tests.findings.fixtures import LENSES, PLAIN, SmallWarehouse, clean
from thermal_assets_tests.findings.plants import lose

NAMES = (
    b'=cmd|"/c calc"!A1.png',
    b"two\nlines, and a comma.png",
    b"<script>alert('x')</script>.png",
    "\u202egnp.evil\ud55c.png".encode(),
    b"not utf-8 \xff\xfe.png",
    b"100%.png",
)


@dataclass(frozen=True)
class Planted:
    """``copy_of``: copies in one class, later -> first; ``labels``: one picture under two labels; ``hostile`` names."""

    home: Home
    unreadable: list[str]
    blank: list[str]
    copy_of: dict[str, str]
    labels: list[str]
    hostile: list[str]


@pytest.fixture(scope="session")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Planted:
    folder = tmp_path_factory.mktemp("exporting")
    w = clean(vectors=True)
    normal, anomaly = PLAIN[:2]
    hostile = [_rename(w, w.of("file_manifest", normal)[20 + i]["image_key"], n) for i, n in enumerate(NAMES)]
    _rename(w, w.of("file_manifest", anomaly)[30]["image_key"], b"PIP_0009.png")  # the name of an image of normal, too
    lose(w, PLAIN[3], 3)
    gone = {row["image_id"] for row in w.of("decode_problems")}
    flat = w.of("channel_stats", PLAIN[2])[:2]
    for row in flat:
        row.update(minimum=7.0, maximum=7.0)
    first, second = (row["image_id"] for row in w.of("channel_stats", anomaly)[:2])
    _copies(w, "a", [first, second], same_class=True)
    labels = [w.of("channel_stats", name)[5]["image_id"] for name in (normal, anomaly)]
    _copies(w, "b", labels, same_class=False)
    for key in {row["image_key"] for row in w.of("channel_stats")}:
        w.tables["dataset_neighbors"] = [row for row in w.tables["dataset_neighbors"] if row["level"] == "L3"]
        w.add("l3_projection", image_key=key, class_name=_class(w, key), content_hash=f"{key:032x}",
              lens_id=LENSES["L3"], projection=np.random.default_rng(key).normal(size=120).astype(np.float32))  # fmt: skip
    connection = w.connect()
    frame = detect(connection, Thresholds(), [], date(2026, 11, 21))
    connection.register("found", frame)
    connection.execute("INSERT INTO findings BY NAME SELECT * FROM found")
    build_models(connection, load_project())
    root = folder / "images"
    _write_images(root, [row["image_id"] for row in w.of("file_manifest")], gone)
    home = create_home(folder / "home", HomeSettings(image_root=str(root)))
    _publish(connection, home)
    return Planted(home, sorted(gone), [row["image_id"] for row in flat], {second: first}, labels, hostile)


def _class(w: SmallWarehouse, key: int) -> str:
    return PLAIN[key // 1000]


def _rename(w: SmallWarehouse, key: int, name: bytes) -> str:
    image_id = f"{_class(w, key)}/{escape(name)}"
    for table in ("file_manifest", "channel_stats"):
        for row in w.of(table, image_key=key):
            row["image_id"] = image_id
            if table == "file_manifest":
                row["file_name"] = escape(name)
    return image_id


def _copies(w: SmallWarehouse, group: str, image_ids: list[str], same_class: bool) -> None:
    for position, image_id in enumerate(image_ids):
        for table in ("file_manifest", "channel_stats"):
            for row in w.of(table, image_id=image_id):
                row["content_hash"] = f"copy {group}"
                if table == "channel_stats":
                    row["pixel_hash"] = f"copy {group}"
        w.add("duplicates", group_id=group, kind="file", image_id=image_id, class_name=image_id.partition("/")[0],
              keeper=position == 0, group_size=len(image_ids), same_class=same_class, same_session=False)  # fmt: skip


def _write_images(root: Path, image_ids: list[str], unreadable: set[str]) -> None:
    rng = np.random.default_rng(0)
    for image_id in image_ids:
        path = path_of(root, image_id)
        path.parent.mkdir(parents=True, exist_ok=True)
        if image_id in unreadable:
            path.write_bytes(b"no picture")
        else:
            with path.open("wb") as file:
                Image.fromarray(rng.integers(0, 256, (48, 64, 3), dtype=np.uint8)).save(file, "PNG", compress_level=0)


def _publish(connection: duckdb.DuckDBPyConnection, home: Home) -> None:
    """What ``publish`` writes, from a small warehouse: all relations in one file, the vectors in another."""
    connection.execute(f"ATTACH '{home.published_vectors}' AS vectors")
    for table in ("l2_embeddings", "l3_projection"):
        connection.execute(f"CREATE TABLE vectors.{table} AS FROM memory.{table}")
        connection.execute(f"DROP TABLE memory.{table}")
    connection.execute(f"ATTACH '{home.published}' AS published")
    connection.execute("COPY FROM DATABASE memory TO published")
    connection.close()


def files_below(root: Path) -> dict[bytes, tuple[int, int]]:
    """Path -> (size, mtime_ns) of everything below ``root``: to see that nothing there was touched."""
    found = {}
    for parent, _, names in os.walk(os.fsencode(root)):
        for name in names:
            path = os.path.join(parent, name)  # noqa: PTH118  names are bytes
            status = os.stat(path)  # noqa: PTH116
            found[path] = (status.st_size, status.st_mtime_ns)
    return found
