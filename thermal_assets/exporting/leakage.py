"""What the parts of a split share: one image, one session, one frame, copies, near copies."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from thermal_assets.exporting.groups import LINKS, link_codes

WORDS = {
    "image": "the image itself",
    "session": "session",
    "frame": "camera frame",
    "file": "equal bytes",
    "pixels": "equal pixels",
    "near": "near copy",
    "any": "any of these",
}
_EXAMPLES = 5


def leakage(
    images: pl.DataFrame, pairs: NDArray[np.int64], listed: pl.DataFrame, train: str
) -> tuple[pl.DataFrame, NDArray[np.bool_]]:
    """One row per kind of link and part that is not ``train``, and bool [n]: images linked to a training image.

    images  one row per image of the split: image_id, part, session_id, frame_id, content_hash, pixel_hash
    pairs   int64 [p, 2] rows of ``images`` that are near copies
    listed  image_id, part: every part that an image is listed in; ``images`` has each once

    Columns: kind, shared (in words), part, images, linked_images (have a mate in ``train``), linked_share, groups (sessions,
    frames, groups of copies, pairs of near copies that lie in this part and in train), measurable (False: the names
    carry no such thing), examples. Kinds overlap: two crops of one frame are of one session too.
    """
    part = images["part"].to_numpy()
    in_train = part == train
    rows: list[dict[str, object]] = []
    touched = np.zeros(images.height, dtype=bool)
    others = sorted(set(part.tolist()) - {train})
    doubles = _doubles(images, listed, train)
    links = {"image": doubles, **{link: _mates(images, pairs, link, in_train) for link in LINKS}}
    for mates, _, _ in links.values():
        touched |= mates & ~in_train
    touched_all = touched | doubles[0]
    for kind, (mates, codes, measurable) in links.items():
        for other in others:
            here = (part == other) & ~in_train if kind != "image" else _listed_in(images, listed, other)
            rows.append(_row(kind, other, images, here, mates, codes, in_train, measurable))
    for other in others:
        here = _listed_in(images, listed, other)
        rows.append(_row("any", other, images, here, touched_all, None, in_train, True))
    schema: dict[str, Any] = {
        "kind": pl.String, "shared": pl.String, "part": pl.String, "images": pl.Int64, "linked_images": pl.Int64,
        "linked_share": pl.Float64, "groups": pl.Int64, "measurable": pl.Boolean, "examples": pl.List(pl.String),
    }  # fmt: skip
    return pl.DataFrame(rows, schema=schema), touched_all


Mates = tuple[NDArray[np.bool_], NDArray[np.int64] | None, bool]


def _doubles(images: pl.DataFrame, listed: pl.DataFrame, train: str) -> Mates:
    parts = listed.group_by("image_id").agg(pl.col("part").n_unique().alias("n"), (pl.col("part") == train).any())
    both = parts.filter((pl.col("n") > 1) & pl.col("part"))["image_id"]
    return images["image_id"].is_in(both.implode()).to_numpy(), None, True


def _listed_in(images: pl.DataFrame, listed: pl.DataFrame, part: str) -> NDArray[np.bool_]:
    ids = listed.filter(pl.col("part") == part)["image_id"]
    return images["image_id"].is_in(ids.implode()).to_numpy()


def _mates(images: pl.DataFrame, pairs: NDArray[np.int64], link: str, in_train: NDArray[np.bool_]) -> Mates:
    """bool [n]: has a mate in the training part; the codes of the link; whether any image carries it."""
    mates = np.zeros(images.height, dtype=bool)
    if link == "near":
        for one, other in ((0, 1), (1, 0)):
            mates[pairs[in_train[pairs[:, other]], one]] = True
        return mates, None, True
    codes = link_codes(images, link)
    there = codes >= 0
    if not there.any():
        return mates, codes, False
    training = np.zeros(int(codes.max()) + 1, dtype=bool)
    training[codes[there & in_train]] = True
    mates[there] = training[codes[there]]
    return mates, codes, True


def _row(
    kind: str,
    part: str,
    images: pl.DataFrame,
    here: NDArray[np.bool_],
    mates: NDArray[np.bool_],
    codes: NDArray[np.int64] | None,
    in_train: NDArray[np.bool_],
    measurable: bool,
) -> dict[str, object]:
    hit = here & mates & (~in_train if kind not in ("image", "any") else True)
    count = int(here.sum())
    return {
        "kind": kind,
        "shared": WORDS[kind],
        "part": part,
        "images": count,
        "linked_images": int(hit.sum()) if measurable else None,
        "linked_share": float(hit.sum() / count) if measurable and count else None,
        "groups": len(np.unique(codes[hit])) if codes is not None and measurable else None,
        "measurable": measurable,
        "examples": images["image_id"].gather(np.flatnonzero(hit)[:_EXAMPLES]).to_list(),
    }
