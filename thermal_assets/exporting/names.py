"""From image_id to what other tools call a file."""

from __future__ import annotations

import os
from urllib.parse import quote_from_bytes, unquote_to_bytes

import polars as pl


def relative_path(image_id: str) -> str:
    """The path below the image root as Python names it; bytes that are not UTF-8 become lone surrogates (PEP 383)."""
    return os.fsdecode(unquote_to_bytes(image_id))


def relative_bytes(image_id: str) -> bytes:
    """The path below the image root as the file system stores it."""
    return unquote_to_bytes(image_id)


def url_path(image_id: str, below: bytes) -> str:
    """``below``/path, percent-encoded for the query of a URL."""
    return quote_from_bytes(below + b"/" + unquote_to_bytes(image_id))


def is_text(image_id: str) -> bool:
    """Whether the path is text (UTF-8), so that JSON can hold it."""
    try:
        unquote_to_bytes(image_id).decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def with_text_names(images: pl.DataFrame) -> pl.DataFrame:
    """The rows of ``images`` (image_id) whose path is text."""
    plain = ~pl.col("image_id").str.contains("%", literal=True)  # nearly all: no escape, so text as it stands
    checked = pl.col("image_id").map_elements(is_text, return_dtype=pl.Boolean)
    return images.filter(pl.when(plain).then(True).otherwise(checked))
