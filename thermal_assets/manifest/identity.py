"""How files and classes are named in the warehouse and in Dagster.

File names are bytes. ``image_id`` shows them as text without losing any: bytes that are not UTF-8,
and '%' itself, are percent-escaped, so two different files never share an image_id and every
image_id leads back to its file. Names are not normalised: an NFC and an NFD spelling stay two files.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote_to_bytes

import numpy as np

from thermal_assets.errors import UserError

_ESCAPE_HANDLER = "thermal_assets_percent"
# What Dagster cannot carry in a partition key: ',' and '...' are range syntax, control characters are refused.
_UNSAFE_IN_PARTITION_KEY = re.compile(r"[\x00-\x1f\x7f,]|\.\.\.")


def _escape_undecodable(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return "".join(f"%{byte:02X}" for byte in error.object[error.start : error.end]), error.end


def _register() -> None:
    import codecs

    codecs.register_error(_ESCAPE_HANDLER, _escape_undecodable)


_register()


def escape(name: bytes) -> str:
    """Text for a path of bytes (POSIX separators); see the module docstring."""
    return name.replace(b"%", b"%25").decode("utf-8", errors=_ESCAPE_HANDLER)


def path_of(image_root: Path, image_id: str) -> Path:
    """The file that ``image_id`` names below ``image_root``."""
    return image_root / os.fsdecode(unquote_to_bytes(image_id))


def partition_key_of(class_name: str) -> str:
    """The Dagster partition key of a class; ``class_of`` leads back."""
    return _UNSAFE_IN_PARTITION_KEY.sub(lambda m: "".join(f"%{ord(c):02X}" for c in m.group()), class_name)


def class_of(partition_key: str) -> str:
    """The class of a partition key made by ``partition_key_of``."""
    return re.sub(r"%(0[0-9A-F]|1[0-9A-F]|7F|2C|2E)", lambda match: chr(int(match.group(1), 16)), partition_key)


def image_keys(image_ids: Iterable[str]) -> np.ndarray:
    """Signed 64-bit blake2b of each image_id, int64[n].

    Raises:
        UserError: two of the given image_ids share a key (one chance in ten million for 1.2 million images).
    """
    ids = list(image_ids)
    digests = b"".join(hashlib.blake2b(image_id.encode(), digest_size=8).digest() for image_id in ids)
    keys = np.frombuffer(digests, dtype="<i8").astype(np.int64)
    if len(np.unique(keys)) != len(keys):
        order = np.argsort(keys, kind="stable")
        first = int(np.flatnonzero(np.diff(keys[order]) == 0)[0])
        raise UserError(f"{ids[order[first]]} and {ids[order[first + 1]]} share an image_key: rename one of them")
    return keys
