"""The common input of the statistics: images with their tokens, and vectors aligned row by row."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import duckdb
import numpy as np
import polars as pl

from thermal_assets.embedding.vector_store import VectorStore
from thermal_assets.errors import UserError
from thermal_assets.home.layout import Home
from thermal_assets.lenses.state import class_lens, lenses_in_force
from thermal_assets.statistics.groups import codes

_BLOCK = 4096
_IN_MEMORY_BYTES = 1 << 29

# An image counts where manifest, L2 and L3 agree on its bytes: a class between two states keeps only what is whole.
_IMAGES = """
    SELECT m.image_id, m.image_key, m.class_name, m.content_hash, m.object_code, c.state, c.pair,
           m.session_id, m.frame_id, m.batch_id, m.distance_m, m.captured_on, m.site_code
    FROM file_manifest m
    JOIN l2_embeddings e ON e.image_key = m.image_key AND e.content_hash = m.content_hash AND e.lens_id = $l2
    JOIN l3_projection p ON p.image_key = m.image_key AND p.content_hash = m.content_hash AND p.lens_id = $l3
    LEFT JOIN class_catalog c ON c.class_name = m.class_name
"""


def class_images(connection: duckdb.DuckDBPyConnection, class_name: str, lenses: dict[str, str]) -> pl.DataFrame:
    """Images of one class seen through both ``lenses``, by image_id; columns as in the statistics package."""
    query = _IMAGES + " WHERE m.class_name = $class_name ORDER BY m.image_id"
    values = {"l2": lenses["L2"], "l3": lenses["L3"], "class_name": class_name}
    return connection.sql(query, params=values).pl()


def dataset_images(connection: duckdb.DuckDBPyConnection, lenses: dict[str, str]) -> pl.DataFrame:
    """All images seen through both ``lenses``, by image_id."""
    return connection.sql(_IMAGES + " ORDER BY m.image_id", params={"l2": lenses["L2"], "l3": lenses["L3"]}).pl()


class WholeDataset(NamedTuple):
    """What the data-set stage starts from.

    lenses   level -> lens_id in force
    images   all images seen through both, by image_id
    copies   int64 [n]: the group of copies of each image, see ``copy_groups``
    missing  classes without a finished class stage, left out
    """

    lenses: dict[str, str]
    images: pl.DataFrame
    copies: np.ndarray
    missing: list[str]


def whole_dataset(connection: duckdb.DuckDBPyConnection) -> WholeDataset:
    """The input of the data-set stage, read at one moment.

    Raises:
        UserError: no class has been taken through L3 yet.
    """
    lenses = require_lenses_in_force(connection)
    images = dataset_images(connection, lenses)
    return WholeDataset(lenses, images, copy_groups(connection, images), missing_classes(connection))


def normal_anomaly_pairs(images: pl.DataFrame) -> list[tuple[str, str]]:
    """(normal class, anomaly class) of one pair each; empty where the profile names no states."""
    classes = images.select("class_name", "state", "pair").unique().drop_nulls("pair").sort("class_name")
    normal = classes.filter(pl.col("state") == "normal").select("pair", pl.col("class_name").alias("normal"))
    anomaly = classes.filter(pl.col("state") == "anomaly").select("pair", pl.col("class_name").alias("anomaly"))
    return normal.join(anomaly, on="pair").select("normal", "anomaly").sort("normal", "anomaly").rows()


def lenses_of_class(connection: duckdb.DuckDBPyConnection, partition: str) -> dict[str, str]:
    """Level -> lens_id that a class has been seen through."""
    return {
        "L2": class_lens(connection, "l2_embeddings", partition),
        "L3": class_lens(connection, "l3_projection", partition),
    }


def require_lenses_in_force(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Level -> lens_id in force.

    Raises:
        UserError: no class has been taken through L3 yet.
    """
    lenses = lenses_in_force(connection)
    if set(lenses) != {"L2", "L3"}:
        raise UserError("no L3 lens is in force yet: materialize l3_lens (job refit_l3_lens), then the classes")
    return lenses


def missing_classes(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Classes of the catalog that have no finished class stage: left out of the data-set stage, and named."""
    rows = connection.execute(
        "SELECT class_name FROM class_catalog c WHERE NOT EXISTS (SELECT 1 FROM asset_versions v "
        "WHERE v.asset = 'class_outliers' AND v.partition = c.partition_key) ORDER BY 1"
    ).fetchall()
    return [name for (name,) in rows]


def vectors_of(home: Home, lens_id: str, hashes: Sequence[str] | pl.Series) -> np.ndarray:
    """float32 [n, d]: the vectors of ``hashes`` through a lens, in that order; not to be written to.

    More than half a gigabyte of them is a memory map of a file without a name below the home, which goes with it:
    what is read of it can leave the memory again.

    Raises:
        UserError: there is no space for that file.
    """
    return StoredVectors(home, lens_id, pl.Series(hashes, dtype=pl.String)).all()


class StoredVectors:
    """Vectors of images with ``hashes`` through one lens: of all of them, or of some at a time.

    What finds them in the store is made once: for a million vectors that takes as long as reading many thousands.
    """

    def __init__(self, home: Home, lens_id: str, hashes: pl.Series) -> None:
        self._home, self._hashes = home, hashes
        self._store = VectorStore(home.vectors, lens_id)

    def of(self, rows: np.ndarray) -> np.ndarray:
        """float32 [b, d] of ``rows`` int64 [b], as ``vectors_of``."""
        return self._read(self._hashes.gather(rows).to_list())

    def all(self) -> np.ndarray:
        """float32 [n, d], as ``vectors_of``."""
        return self._read(self._hashes.to_list())

    def _read(self, wanted: list[str]) -> np.ndarray:
        size = len(wanted) * self._store.dimensions * 4
        if size <= _IN_MEMORY_BYTES:
            return self._store.gather(wanted)
        try:
            with tempfile.TemporaryFile(dir=self._home.root) as file:
                for block in self._store.iter_blocks(wanted, _BLOCK):
                    file.write(block.data)
                file.flush()
                return np.memmap(file, np.float32, mode="r", shape=(len(wanted), self._store.dimensions))
        except OSError as error:
            raise UserError(
                f"the vectors of {len(wanted):,} images do not fit beside {self._home.root} for the time of this step "
                f"({error.strerror}): free {size / 1e9:.1f} GB and start again"
            ) from error


def vector_blocks(store: VectorStore, column: str) -> Callable[[pl.DataFrame], Iterator[pl.DataFrame]]:
    """From rows with content_hash to frames of those rows with their vectors in ``column``, block by block."""

    def blocks(rows: pl.DataFrame) -> Iterator[pl.DataFrame]:
        for start in range(0, rows.height, _BLOCK):
            part = rows[start : start + _BLOCK]
            vectors = store.gather(part["content_hash"].to_list())
            dtype = pl.Array(pl.Float32, vectors.shape[1])
            yield part.with_columns(pl.Series(column, vectors, dtype=dtype))

    return blocks


def copy_groups(connection: duckdb.DuckDBPyConnection, images: pl.DataFrame) -> np.ndarray:
    """int64 [n]: number of the group of copies an image of ``images`` belongs to (its largest one), -1: none."""
    groups = connection.sql(
        "SELECT image_id, arg_max(group_id, group_size) AS group_id FROM duplicates GROUP BY image_id"
    ).pl()
    joined = images.select("image_id").join(groups, on="image_id", how="left", maintain_order="left")
    return codes(joined["group_id"])


def aligned(images: pl.DataFrame, values: pl.DataFrame, column: str) -> np.ndarray:
    """float64 [n]: ``column`` of ``values`` (which has image_key) in the order of ``images``, NaN where missing."""
    joined = images.select("image_key").join(values, on="image_key", how="left", maintain_order="left")
    return joined[column].cast(pl.Float64).fill_null(float("nan")).to_numpy()
