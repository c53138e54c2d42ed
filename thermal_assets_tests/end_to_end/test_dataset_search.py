"""Neighbours across the data set at L2, where there are more images than are searched exactly: what home.toml says."""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl
import pytest
from PIL import Image, ImageOps

from thermal_assets.defs.in_process import job_runner
from thermal_assets.errors import UserError
from thermal_assets.home.layout import Home, open_home
from thermal_assets.manifest.identity import partition_key_of
from thermal_assets.neighbors import approximate, sample_search
from thermal_assets.neighbors.approximate import has_faiss
from thermal_assets.statistics.separation import MAX_REFERENCES
from thermal_assets.steps.dataset_neighborhood import materialize_dataset_neighborhood
from thermal_assets.steps.separation import materialize_separation
from thermal_assets_tests.end_to_end.conftest import Sample

EXACT_UP_TO = 120


@pytest.fixture
def home(sample: Sample, tmp_path: Path) -> Home:
    copy = tmp_path / "home"
    shutil.copytree(sample.home, copy)
    return open_home(copy)


def _settings(home: Home, beyond: str) -> Home:
    path = home.root / "home.toml"
    lines = [line for line in path.read_text().splitlines() if not line.startswith(("l2_exact_up_to", "l2_beyond"))]
    path.write_text(f'l2_exact_up_to = {EXACT_UP_TO}\nl2_beyond = "{beyond}"\n' + "\n".join(lines))
    return open_home(home.root)


def _rows(home: Home) -> tuple[pl.DataFrame, pl.DataFrame]:
    with home.warehouse.read() as connection:
        return (
            connection.sql("SELECT * FROM dataset_neighbors WHERE metric = 'euclidean' ORDER BY level, image_key").pl(),
            connection.sql("SELECT * FROM dataset_densities ORDER BY level, image_key").pl(),
        )


def test_a_reference_sample_says_so_and_claims_no_recall(home: Home) -> None:
    before, _ = _rows(home)
    assert set(before["method"]) == {"exact"}
    assert set(before["recall"]) == {1.0}
    materialize_dataset_neighborhood(_settings(home, "reference"), "run", 10)
    neighbors, densities = (rows.partition_by("level", as_dict=True) for rows in _rows(home))
    assert set(neighbors["L2",]["method"]) == set(densities["L2",]["method"]) == {"reference sample"}
    assert neighbors["L2",]["recall"].null_count() == neighbors["L2",].height > EXACT_UP_TO
    assert neighbors["L2",]["neighbor_keys"].explode().n_unique() <= EXACT_UP_TO
    assert set(neighbors["L2",]["candidates"]) <= {EXACT_UP_TO, EXACT_UP_TO - 1}
    assert set(neighbors["L3",]["method"]) == {"exact"}
    assert set(neighbors["L3",]["recall"]) == {1.0}


def test_lists_of_the_last_run_spare_work_and_change_nothing(
    home: Home, sample: Sample, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    updates: list[object] = []
    update = sample_search.SampleUpdate
    monkeypatch.setattr(sample_search, "SampleUpdate", lambda *of: updates.append(of) or update(*of))
    images = tmp_path / "images"
    shutil.copytree(sample.images, images)
    toml = home.root / "home.toml"
    toml.write_text(toml.read_text().replace(str(sample.images), str(images)))
    materialize_dataset_neighborhood(_settings(home, "reference"), "run", 10)
    assert not updates  # until now all were compared with all
    folder = next(path for path in sorted(images.iterdir()) if path.name.startswith("ship"))
    pictures = sorted(folder.glob("*.png"))
    for path in pictures[:3]:
        path.unlink()
    for path in pictures[3:6]:
        with Image.open(path) as picture:
            ImageOps.mirror(picture).save(path.with_name(path.name.replace("bbox", "bbox9")))
    without = tmp_path / "without"
    shutil.copytree(home.root, without)
    shutil.rmtree(open_home(without).neighbor_lists)
    expected = _changed(open_home(without), folder.name)
    assert not updates
    found = _changed(open_home(home.root), folder.name)
    assert len(updates) == 1
    assert all(one.equals(other) for one, other in zip(found, expected, strict=True))


def _changed(home: Home, class_name: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows of the data set after the files of a class have changed."""
    with job_runner(home) as runner:
        assert runner.run("refresh_class", partition_key_of(class_name)).success
    materialize_dataset_neighborhood(home, "run", 10)
    measured = materialize_separation(home, "run", MAX_REFERENCES)
    assert measured.metadata["pairs"] == 4
    assert measured.metadata["pairs_measured"] == 1
    return _rows(home)


@pytest.mark.skipif(not has_faiss(), reason="faiss is not installed")
def test_an_approximate_search_stands_beside_its_recall(home: Home) -> None:
    exact, exact_densities = _rows(home)
    materialize_dataset_neighborhood(_settings(home, "ivf"), "run", 10)
    found, densities = _rows(home)
    of_l2 = pl.col("level") == "L2"
    assert found.filter(~of_l2).equals(exact.filter(~of_l2))
    assert densities.filter(~of_l2).equals(exact_densities.filter(~of_l2))
    exact, found = exact.filter(of_l2), found.filter(of_l2)
    densities, exact_densities = densities.filter(of_l2), exact_densities.filter(of_l2)
    (method,), (recall,) = found["method"].unique(), found["recall"].unique()
    assert method.startswith(f"approximate: faiss IVF, recall {recall:.4f} on ")
    assert set(densities["method"]) == {method}
    shared = [
        len(set(one) & set(other)) / len(one)
        for one, other in zip(exact["neighbor_keys"], found["neighbor_keys"], strict=True)
    ]
    assert recall == pytest.approx(sum(shared) / len(shared))  # the sample is larger than this data set
    # Missing neighbours only make a place look emptier; what cannot be told across sessions is not told.
    both = densities.join(exact_densities, on="image_key", suffix="_exact")
    assert both["density"].count() > 0.8 * both.height
    assert (both["density"].is_null() <= (both["k_used"] < 10)).all()
    assert (both["density"].drop_nulls() <= both.drop_nulls("density")["density_exact"] * (1 + 1e-6)).all()
    told = both.filter(pl.col("density_xs").is_not_null())
    assert (told["density_xs"] <= told["density_xs_exact"] * (1 + 1e-6)).all()
    not_told = both.filter(pl.col("density_xs").is_null() & pl.col("density_xs_exact").is_not_null())
    assert set(not_told["density_xs_basis"]) <= {"too few among approximate neighbours"}


def test_without_faiss_one_line_says_what_to_install(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(approximate, "has_faiss", lambda: False)
    before = _rows(home)
    with pytest.raises(UserError, match="pip install 'thermal-assets\\[approximate\\]'"):
        materialize_dataset_neighborhood(_settings(home, "hnsw"), "run", 10)
    assert all(one.equals(other) for one, other in zip(before, _rows(home), strict=True))
