"""Mean picture, standard-deviation picture and histogram of a class, kept as exact running totals.

A refresh adds the new images and takes away the old ones instead of going through the class again.
The totals are whole numbers, so the result is the same to the bit either way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import polars as pl

from thermal_assets.embedding.stats_store import StatsStore
from thermal_assets.home.layout import Home
from thermal_assets.imaging.class_pictures import CANVAS, ClassTotals
from thermal_assets.steps.outputs import Output, Slice
from thermal_assets.steps.versions import fingerprint
from thermal_assets.warehouse.access import empty_frame

_CHANNELS = ("r", "g", "b")


def class_picture_output(home: Home, class_name: str, hashes: pl.Series, stats: StatsStore) -> Output:
    """Rows of class_pixel_stats and pixel_histogram for the decodable images ``hashes`` (one entry an image)."""
    now = sorted(hashes.to_list())
    stored = home.warehouse.frame(
        "SELECT image_count, contents_version, canvas_totals FROM class_pixel_stats WHERE class_name = ?", [class_name]
    )
    before = home.warehouse.frame(
        "SELECT content_hash FROM channel_stats WHERE class_name = ? ORDER BY 1", [class_name]
    )["content_hash"].to_list()
    totals, changed = ClassTotals(), len(now)
    known = stored.height == 1 and stored["contents_version"][0] == fingerprint(before)
    if known and not stats.missing(before):
        histogram = home.warehouse.frame(
            "SELECT channel, bin, count::BIGINT AS count FROM pixel_histogram WHERE class_name = ?", [class_name]
        )
        totals = ClassTotals.from_blob(
            stored["canvas_totals"][0], int(stored["image_count"][0]), _histogram_array(histogram)
        )
        added, removed = Counter(now) - Counter(before), Counter(before) - Counter(now)
        changed = added.total() + removed.total()
        _accumulate(totals, stats, list(added.elements()), add=True)
        _accumulate(totals, stats, list(removed.elements()), add=False)
    else:
        _accumulate(totals, stats, now, add=True)
    row = pl.DataFrame(
        {
            "class_name": [class_name],
            "image_count": [totals.image_count],
            "canvas": [CANVAS],
            "mean_image": [totals.mean_png()],
            "std_image": [totals.std_png()],
            "mean_image_sharpness": [totals.mean_image_sharpness()],
            "mean_std": [totals.mean_std()],
            "contents_version": [fingerprint(now)],
            "canvas_totals": [totals.to_blob()],
        },
        schema=empty_frame("class_pixel_stats").schema,
    )
    rows = row if totals.image_count else row.clear()
    where = {"class_name": class_name}
    return Output(
        [Slice("class_pixel_stats", rows, where), Slice("pixel_histogram", _histogram_rows(class_name, totals), where)],
        metadata={
            "images": totals.image_count,
            "images_added_or_removed": changed,
            "mean_image_sharpness": totals.mean_image_sharpness(),
            **_tiles(totals, class_name),
        },
    )


def _accumulate(totals: ClassTotals, stats: StatsStore, hashes: Sequence[str], *, add: bool) -> None:
    for histograms, canvases in stats.pictures(hashes):
        if add:
            totals.add_batch(histograms, canvases)
        else:
            totals.subtract_batch(histograms, canvases)


def _histogram_array(rows: pl.DataFrame) -> np.ndarray:
    histogram = np.zeros((3, 256), dtype=np.int64)
    for channel, level, count in rows.iter_rows():
        histogram[_CHANNELS.index(channel), level] = count
    return histogram


def _histogram_rows(class_name: str, totals: ClassTotals) -> pl.DataFrame:
    if not totals.image_count:
        return empty_frame("pixel_histogram").with_columns(pl.col("count").cast(pl.Int64))
    return pl.DataFrame(
        {
            "class_name": [class_name] * 768,
            "channel": np.repeat(_CHANNELS, 256),
            "bin": np.tile(np.arange(256, dtype=np.int32), 3),
            "count": totals.histogram.reshape(-1),
        }
    )


def _tiles(totals: ClassTotals, class_name: str) -> dict[str, bytes]:
    if not totals.image_count:
        return {}
    from thermal_assets.reporting.plots import tiles

    return {"plot": tiles({"mean": totals.mean_png(), "standard deviation": totals.std_png()}, title=class_name)}
