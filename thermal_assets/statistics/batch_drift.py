"""Batches (date, site, session, distance) that look, or are named, as if they belonged to another class."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import t as student

from thermal_assets.statistics.balanced_votes import MAX_REFERENCES, VoteBlock, vote_blocks
from thermal_assets.statistics.code_objects import class_objects
from thermal_assets.statistics.frames import table_frame
from thermal_assets.statistics.groups import codes, exclusion_groups
from thermal_assets.statistics.resampling import benjamini_hochberg

SALT = "batch_drift"
MIN_OWN_REFERENCES = 10
EXAMPLES = 10
_TO_SIGMA = 1.4826
MIN_IMAGES = 20  # a batch needs for a z and a q
MIN_SIBLINGS = 8  # other batches of the class, of at least so many images, that a z and a q need
_SMALLEST_SIGMA = 0.02  # siblings that agree by chance must not make a trifle significant


def batch_drift(
    images: pl.DataFrame,
    vectors: NDArray[np.float32],
    *,
    lens_id: str,
    code_objects: Mapping[str, str],
    objects: Mapping[str, str] | None = None,
    copies: NDArray[np.int64] | None = None,
    k: int | None = None,
    max_references: int = MAX_REFERENCES,
    salt: str = SALT,
    progress: Callable[[int, int], None] | None = None,
) -> pl.DataFrame:
    """Rows of table ``batch_drift``: one a class and batch; none where names carry no batch.

    ``vectors`` float32[n, d]: the whitened reading of L3, unit length. ``code_objects`` maps the object code of names
    to an object, ``objects`` class_name to its object (default: its pair, else itself).
    Size balance: every object gives at most ``max_references`` references, drawn by salted hash; the k nearest of
    another session vote, a vote weighs 1 / references of its object within reach. foreign_share of a batch is the mean
    over its images of the share of votes for other objects. base_rate and spread (MAD) are those of the sibling
    batches; p comes from Student's t with siblings - 1 degrees of freedom, q from all batches that have a p.
    An image with fewer than ten references of its own object outside its session is not judged (share NULL).
    Where the names of a batch stand for another object, named_share is the share of votes for that object.
    """
    batches = codes(images["batch_id"])
    judged = np.flatnonzero(batches >= 0)
    if judged.size == 0:
        return table_frame("batch_drift", [])
    objects = class_objects(images) if objects is None else objects
    labels = codes(images["class_name"])
    names = images["class_name"].unique().sort().to_list()
    object_names = sorted({objects.get(name, name) for name in names})
    object_of = np.array([object_names.index(objects.get(name, name)) for name in names])
    foreign = np.full(images.height, np.nan)
    by_batch: dict[tuple[int, int], NDArray[np.float64]] = {}
    for block in vote_blocks(
        vectors,
        images["image_key"].to_numpy().astype(np.int64),
        labels,
        object_of[labels],
        exclusion_groups(images, copies),
        k=k,
        max_references=max_references,
        salt=salt,
        rows=judged,
        progress=progress,
    ):
        _count(block, labels, object_of, batches, foreign, by_batch)
    rows = []
    for members in _members(labels, batches, judged):
        row = _describe(images, members, foreign, by_batch, (int(labels[members[0]]), int(batches[members[0]])), names)
        named = row["code_class"] = code_objects.get(row["object_code"] or "")
        row["code_contradicts"] = named is not None and named != objects.get(row["class_name"], row["class_name"])
        toward = dict(zip(names, row.pop("toward"), strict=True))
        votes = sum(share for name, share in toward.items() if objects.get(name, name) == named)
        row["named_share"] = votes if row["code_contradicts"] and row["foreign_share"] is not None else None
        rows.append(row)
    _compare_all(rows)
    sampled = int(np.bincount(object_of[labels]).max()) > max_references
    for row in rows:
        row["method"] = "sample" if sampled else "exact"
        row["lens_id"] = lens_id
    return table_frame("batch_drift", rows)


def _count(
    block: VoteBlock,
    labels: NDArray[np.int64],
    object_of: NDArray[np.int64],
    batches: NDArray[np.int64],
    foreign: NDArray[np.float64],
    by_batch: dict[tuple[int, int], NDArray[np.float64]],
) -> None:
    """Adds the foreign share of each image of a block, and per batch what the foreign neighbours are."""
    own_object = object_of[labels[block.rows]]
    weights = 1 / np.maximum(block.available[:, object_of], 1)
    weighted = block.votes * weights
    total = weighted.sum(axis=1)
    elsewhere = np.where(object_of[None, :] != own_object[:, None], weighted, 0)
    elsewhere /= np.where(total > 0, total, 1)[:, None]
    valid = (total > 0) & (block.available[np.arange(own_object.size), own_object] >= MIN_OWN_REFERENCES)
    foreign[block.rows[valid]] = elsewhere[valid].sum(axis=1)
    keys = np.stack([labels[block.rows], batches[block.rows]], axis=1)[valid]
    if not len(keys):
        return
    cells, index = np.unique(keys, axis=0, return_inverse=True)
    sums = np.zeros((len(cells), elsewhere.shape[1]))
    np.add.at(sums, index.ravel(), elsewhere[valid])
    for cell, values in zip(cells, sums, strict=True):
        key = (int(cell[0]), int(cell[1]))
        by_batch[key] = by_batch[key] + values if key in by_batch else values


def _members(
    labels: NDArray[np.int64], batches: NDArray[np.int64], judged: NDArray[np.int64]
) -> list[NDArray[np.int64]]:
    order = judged[np.lexsort((batches[judged], labels[judged]))]
    change = (np.diff(labels[order]) != 0) | (np.diff(batches[order]) != 0)
    return np.split(order, np.flatnonzero(change) + 1)


def _describe(
    images: pl.DataFrame,
    rows: NDArray[np.int64],
    foreign: NDArray[np.float64],
    by_batch: Mapping[tuple[int, int], NDArray[np.float64]],
    key: tuple[int, int],
    names: list[str],
) -> dict[str, Any]:
    part = images[rows]
    shares = foreign[rows]
    known = shares[np.isfinite(shares)]
    toward = by_batch.get(key, np.zeros(len(names))) / max(known.size, 1)
    worst = part.select("image_id").with_columns(share=np.where(np.isfinite(shares), shares, -1.0))
    in_names = part["object_code"].drop_nulls().value_counts().sort(["count", "object_code"], descending=[True, False])
    return {
        "class_name": part["class_name"][0],
        "batch_id": part["batch_id"][0],
        "object_code": in_names["object_code"][0] if in_names.height else None,
        "image_count": int(rows.size),
        "foreign_share": float(known.mean()) if known.size else None,
        "nearest_class": names[int(toward.argmax())] if toward.max() > 0 else None,
        "toward": toward.tolist(),  # share of votes for each class of another object
        "example_ids": worst.sort(["share", "image_id"], descending=[True, False])["image_id"].head(EXAMPLES).to_list(),
    }


def _compare_all(rows: list[dict[str, Any]]) -> None:
    """Adds what follows from comparing each batch with its siblings."""
    by_class: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_class.setdefault(row["class_name"], []).append(row)
    p_values = [_compare(row, by_class[row["class_name"]]) for row in rows]
    for row, q in zip(rows, benjamini_hochberg(p_values), strict=True):
        row["q_value"] = q


def _compare(row: dict[str, Any], family: list[dict[str, Any]]) -> float | None:
    """Adds base_rate, effect and robust_z to ``row``; returns its p-value where it may have one."""
    siblings = [other for other in family if other is not row and other["foreign_share"] is not None]
    large = [other for other in siblings if other["image_count"] >= MIN_IMAGES]
    shares = np.array([other["foreign_share"] for other in (large or siblings)])
    row["base_rate"] = base = float(np.median(shares)) if shares.size else None
    row["effect"] = row["robust_z"] = None
    if base is None or row["foreign_share"] is None:
        return None
    row["effect"] = row["foreign_share"] - base
    if row["image_count"] < MIN_IMAGES or len(large) < MIN_SIBLINGS:
        return None
    sigma = _TO_SIGMA * float(np.median(np.abs(shares - base)))
    row["robust_z"] = row["effect"] / max(sigma, _SMALLEST_SIGMA)
    return float(student.sf(row["robust_z"], len(large) - 1))
