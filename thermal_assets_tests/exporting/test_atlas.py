"""The table of the map: every picture in its place, with neighbours that are rows of the same table."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from thermal_assets.cli.explore import run_explore
from thermal_assets.errors import UserError
from thermal_assets.exporting.atlas import atlas_table
from thermal_assets.exporting.atlas_viewer import viewer_pages
from thermal_assets.exporting.published import published_copy
from thermal_assets_tests.exporting.conftest import Planted


def test_rows_pictures_and_neighbours_belong_together(planted: Planted) -> None:
    with published_copy(planted.home, vectors=True) as connection:
        table = atlas_table(connection, planted.home.image_root, most=1000)
        expected = connection.sql(
            "SELECT image_id, list(neighbor_id ORDER BY rank) AS ids FROM neighbors "
            "WHERE level = 'L3' AND scope = 'dataset' GROUP BY image_id"
        ).pl()
        places = dict(
            connection.execute(
                "SELECT image_id, projection[1] FROM l3_projection JOIN file_manifest USING (image_key)"
            ).fetchall()
        )
    assert set(table["image_id"]) == set(places)
    assert set(planted.hostile) <= set(table["image_id"])
    assert table["x"].to_list() == [pytest.approx(places[name]) for name in table["image_id"]]
    wanted = {name: [other for other in ids if other in places] for name, ids in expected.iter_rows()}
    names = table["image_id"].to_list()
    for name, neighbours in zip(names, table["neighbors"], strict=True):
        assert sorted(names[row] for row in neighbours["ids"]) == sorted(wanted[name])
    assert all(Image.open(io.BytesIO(picture["bytes"])).size == (64, 48) for picture in table["picture"])
    look = table.filter(table["image_id"].is_in(planted.labels))
    assert look["decision"].to_list() == ["review", "review"]


def test_a_sample_and_another_layout(planted: Planted) -> None:
    with published_copy(planted.home, vectors=True) as connection:
        table = atlas_table(connection, planted.home.image_root, most=30, layout="tsne")
        plain = atlas_table(connection, planted.home.image_root, most=30)
    assert table["image_id"].to_list() == plain["image_id"].to_list()
    assert table.height == 30
    assert np.isfinite(table["x"].to_numpy()).all()
    assert table["x"].to_list() != plain["x"].to_list()
    assert max(row for neighbours in table["neighbors"].drop_nulls() for row in neighbours["ids"]) < 30


def test_without_the_tool_one_line_says_how_to_get_it(planted: Planted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(UserError, match=r"uv tool install embedding-atlas=="):
        run_explore(planted.home.root, "127.0.0.1", 5055, 100, "pca")


def test_the_viewer_asks_for_webgpu_before_it_relies_on_it(tmp_path: Path) -> None:
    package = tmp_path / "site" / "embedding_atlas"
    (package / "static" / "assets").mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "static" / "assets" / "main.js").touch()
    main = '<script type="module" crossorigin src="./assets/main.js"></script>'
    (package / "static" / "index.html").write_text(f"<html><head>{main}</head></html>")
    (tmp_path / "python").write_text(f'#!/bin/sh\nexport PYTHONPATH={tmp_path / "site"}\nexec {sys.executable} "$@"\n')
    (tmp_path / "python").chmod(0o755)
    tool = tmp_path / "embedding-atlas"
    tool.write_text(f"#!{tmp_path / 'python'}\n")
    pages = viewer_pages([str(tool)], tmp_path / "pages")
    assert pages is not None
    shown = (pages / "index.html").read_text()
    assert main not in shown
    assert shown.index("requestAdapter") < shown.index('import("./assets/main.js")')
    assert (pages / "assets" / "main.js").is_file()
    # Pages that look otherwise are shown as they are.
    (package / "static" / "index.html").write_text("<html></html>")
    assert viewer_pages([str(tool)], tmp_path / "again") is None
