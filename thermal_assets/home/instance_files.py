"""The files of a home that Dagster reads: its instance and its workspace, brought up to date unless somebody edited them."""

from __future__ import annotations

import hashlib
from pathlib import Path

INSTANCE_FILES = ("dagster.yaml", "workspace.yaml")
_TEMPLATES = Path(__file__).parent
# Ends a file that we wrote: while it is the hash of what stands above it, nobody has edited the file.
_MARK = "# As Thermal Assets wrote it: "
# Files written before they were marked, by their hash.
_UNMARKED = {"4a076be66f15c90d", "cd63211d97f7fd98", "f7a5c04e88c8d1c0", "e4a6a0577479b2b4"}


def outdated(root: Path) -> dict[Path, str]:
    """File -> text, of those that are missing in the home ``root`` or are as an earlier version wrote them."""
    return {
        root / name: _wanted(name)
        for name in INSTANCE_FILES
        if (present := _text(root / name)) != _wanted(name) and (present is None or _unedited(present))
    }


def edited(root: Path) -> list[str]:
    """One line for each file that somebody edited and that differs from what this version would write."""
    return [
        f"{root / name} was edited and stays as it is; this version has another one ({_TEMPLATES / name}): "
        "take over what you want from it, or delete yours to have it written anew"
        for name in INSTANCE_FILES
        if (present := _text(root / name)) is not None
        and present not in (_wanted(name), (_TEMPLATES / name).read_text())
        and not _unedited(present)
    ]


def _wanted(name: str) -> str:
    template = (_TEMPLATES / name).read_text()
    return f"{template}{_MARK}{_hash(template)}\n"


def _text(path: Path) -> str | None:
    return path.read_text() if path.exists() else None


def _unedited(text: str) -> bool:
    above, mark, hashed = text.rpartition(_MARK)
    return hashed.strip() == _hash(above) if mark else _hash(text) in _UNMARKED


def _hash(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
