"""From command-line options to a home whose lens can be loaded."""

from __future__ import annotations

from pathlib import Path

from thermal_assets.errors import UserError
from thermal_assets.home.layout import Home, create_home, open_home
from thermal_assets.home.settings import HomeSettings, LensSettings
from thermal_assets.lenses.of_home import remembered_lens
from thermal_assets.manifest.scanning import require_image_root
from thermal_assets.profile import load_profile, shipped_profiles


def default_home(image_dir: Path) -> Path:
    """./<image folder>-home."""
    return Path.cwd() / f"{image_dir.resolve().name}-home"


def prepare_home(
    image_dir: Path,
    directory: Path,
    profile: str | None,
    lens: str | None,
    lens_weights: Path | None,
    lens_mean: str | None,
    lens_std: str | None,
    workers: int | None,
) -> Home:
    """Make or open the home at ``directory``; options that are not given keep what an existing home has.

    Raises:
        UserError: no such folder, the home belongs to other images, a bad profile, a lens that cannot be loaded.
    """
    image_root = require_image_root(image_dir).resolve()
    existing = open_home(directory).settings if (directory / "home.toml").exists() else None
    if existing and Path(existing.image_root) != image_root:
        raise UserError(
            f"the home {directory} belongs to the images in {existing.image_root}: choose another --home for {image_root}"
        )
    named = profile or (existing.profile if existing else "folders")
    if named not in shipped_profiles():
        candidate = Path(named)
        if not candidate.is_file() and existing and (directory / named).is_file():
            candidate = directory / named
        load_profile(candidate)
        named = str(candidate.resolve()) if candidate.is_file() else named
    chosen = existing.lens if existing else LensSettings()
    if lens or lens_weights or lens_mean or lens_std:
        chosen = LensSettings(
            name=lens or chosen.name,
            weights=str(lens_weights.resolve()) if lens_weights else None,
            mean=_triple(lens_mean, "--lens-mean"),
            std=_triple(lens_std, "--lens-std"),
        )
    remembered_lens(directory, chosen)  # a lens that cannot be loaded is said now, not after the first class
    settings = HomeSettings(
        image_root=str(image_root),
        profile=named,
        lens=chosen,
        executor=existing.executor if existing else "in_process",
        workers=workers or (existing.workers if existing else None),
    )
    return create_home(directory, settings)


def _triple(text: str | None, option: str) -> tuple[float, float, float] | None:
    if text is None:
        return None
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        raise UserError(f"{option} {text}: give one number, or three separated by commas") from None
    if len(values) == 1:
        values *= 3
    if len(values) != 3:
        raise UserError(f"{option} {text}: give one number, or three separated by commas")
    return values[0], values[1], values[2]
