"""A home: the one folder that holds everything written about a data set."""

from __future__ import annotations

import contextlib
import os
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from thermal_assets.errors import UserError
from thermal_assets.home.instance_files import INSTANCE_FILES, outdated
from thermal_assets.home.settings import HomeSettings, read_settings, settings_text
from thermal_assets.profile import Profile, load_profile
from thermal_assets.temporary import remove_leftovers, temporary_prefix
from thermal_assets.warehouse.access import Warehouse

HOME_VARIABLE = "THERMAL_ASSETS_HOME"


@dataclass(frozen=True)
class Home:
    """Paths and settings of the home at ``root``. Make one with ``create_home`` or ``open_home``."""

    root: Path

    @cached_property
    def settings(self) -> HomeSettings:
        return read_settings(self.root / "home.toml")

    @cached_property
    def profile(self) -> Profile:
        """The profile named in home.toml; a relative path is taken from the home's folder."""
        named = self.settings.profile
        beside = self.root / named
        return load_profile(beside if named.endswith(".toml") and beside.is_file() else named)

    @property
    def image_root(self) -> Path:
        return Path(self.settings.image_root)

    @property
    def annotations(self) -> Path | None:
        """Folder of annotation files, or one file; None where none is set (JSON beside the images counts anyway)."""
        return Path(self.settings.annotations) if self.settings.annotations else None

    @cached_property
    def warehouse(self) -> Warehouse:
        return Warehouse(self.root / "warehouse.duckdb")

    @property
    def published(self) -> Path:
        return self.root / "published.duckdb"

    @property
    def published_vectors(self) -> Path:
        return self.root / "published_vectors.duckdb"

    @property
    def report(self) -> Path:
        return self.root / "report.html"

    @property
    def vectors(self) -> Path:
        """Content-addressed vector chunks, one folder per lens."""
        return self.root / "vectors"

    @property
    def statistics(self) -> Path:
        """Content-addressed image statistics."""
        return self.root / "statistics"

    @property
    def parsed_annotations(self) -> Path:
        """Content-addressed annotation files, parsed."""
        return self.root / "annotations"

    @property
    def neighbor_lists(self) -> Path:
        """Exact lists of neighbours of every class and of the data set, from which an update starts."""
        return self.root / "neighbors"

    @property
    def lenses(self) -> Path:
        """Fitted L3 lenses."""
        return self.root / "lenses"


def create_home(root: Path, settings: HomeSettings) -> Home:
    """Make a home at ``root`` (home.toml, dagster.yaml, an empty warehouse).

    An existing home keeps its history; its home.toml is rewritten only if ``settings`` differ.

    Raises:
        UserError: ``root`` lies inside the image folder, is a file, or cannot be written.
    """
    root = root.resolve()
    image_root = Path(settings.image_root)
    if root == image_root or image_root in root.parents:
        raise UserError(
            f"the home {root} would lie inside the image folder {image_root}, which is only read: choose another --home"
        )
    if root.exists() and not root.is_dir():
        raise UserError(f"{root} is a file: a home is a folder")
    if root.is_dir() and not (root / "home.toml").exists():
        # A home whose making was interrupted may be finished; anything else there is not ours.
        made_first = {*INSTANCE_FILES, "lens.json"}
        for name in ("home.toml", *made_first):
            remove_leftovers(root, name)
        foreign = {path.name for path in root.iterdir()} - made_first
        if foreign:
            raise UserError(f"{root} holds other files and is no home: choose an empty or new folder")
    try:
        root.mkdir(parents=True, exist_ok=True)
        text = settings_text(settings)
        target = root / "home.toml"
        if not target.exists() or read_settings(target) != settings:
            write_atomically(target, text.encode())
        bring_instance_files_up_to_date(root)
    except OSError as error:
        raise UserError(f"cannot make a home at {root}: {error.strerror}") from None
    home = Home(root)
    home.warehouse.create()
    return home


def bring_instance_files_up_to_date(root: Path) -> None:
    """Write Dagster's files in the home ``root`` that are missing or as an earlier version wrote them.

    Raises:
        OSError: the home cannot be written.
    """
    for path, text in outdated(root).items():
        write_atomically(path, text.encode())


def open_home(root: Path) -> Home:
    """The existing home at ``root``.

    Raises:
        UserError: ``root`` is no home.
    """
    home = Home(root.resolve())
    if not (home.root / "home.toml").is_file():
        raise UserError(f"{root} is no home (it has no home.toml): run thermal-assets init {root} --images IMAGE_DIR")
    home.warehouse.bring_up_to_date()
    return home


def current_home() -> Home:
    """The home that THERMAL_ASSETS_HOME names.

    Raises:
        UserError: the variable is not set, or names no home.
    """
    value = os.environ.get(HOME_VARIABLE)
    if not value:
        raise UserError(
            f"{HOME_VARIABLE} is not set: make a home with 'thermal-assets init DIR --images IMAGE_DIR', "
            f"then set {HOME_VARIABLE}=DIR and DAGSTER_HOME=DIR (or start the UI with 'thermal-assets ui --home DIR')"
        )
    return open_home(Path(value))


def write_atomically(path: Path, data: bytes) -> None:
    """Write ``path`` so that a reader, or a crash, meets the old file or the new one, never half of it."""
    remove_leftovers(path.parent, path.name)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=temporary_prefix(path.name))
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(temporary).unlink()
        raise
