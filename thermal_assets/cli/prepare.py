"""From command-line options to a home whose lens can be loaded."""

from __future__ import annotations

import os
from pathlib import Path

from thermal_assets.cli.console import err
from thermal_assets.errors import UserError
from thermal_assets.home.instance_files import edited
from thermal_assets.home.layout import Home, create_home, open_home
from thermal_assets.home.settings import HomeSettings, LensSettings
from thermal_assets.lenses.lens_spec import AUTOMATIC, PACKAGED
from thermal_assets.lenses.of_home import automatic_lens, remembered_lens
from thermal_assets.manifest.identity import escape
from thermal_assets.manifest.scanning import read_catalog, require_image_root
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
    annotations: Path | None = None,
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
    told = _annotations(annotations, image_root)
    chosen = existing.lens if existing else LensSettings()
    if lens or lens_weights or lens_mean or lens_std:
        chosen = LensSettings(
            name=lens or (AUTOMATIC if lens_weights and chosen.name == PACKAGED else chosen.name),
            weights=str(lens_weights.resolve()) if lens_weights else None,
            mean=_triple(lens_mean, "--lens-mean"),
            std=_triple(lens_std, "--lens-std"),
        )
    if chosen.name == AUTOMATIC and not chosen.weights:  # it depends on the machine: a home keeps what it began with
        chosen = chosen.model_copy(update={"name": automatic_lens()})
    remembered_lens(directory, chosen)  # a lens that cannot be loaded is said now, not after the first class
    settings = HomeSettings(
        image_root=str(image_root),
        annotations=told or (existing.annotations if existing else None),
        profile=named,
        lens=chosen,
        executor=existing.executor if existing else "in_process",
        workers=workers or (existing.workers if existing else None),
        **(existing.model_dump(include={"l2_exact_up_to", "l2_beyond"}) if existing else {}),
    )
    home = create_home(directory, settings)
    for line in edited(home.root):
        err.print(line, style="yellow", highlight=False, markup=False, soft_wrap=True)
    return home


def _annotations(path: Path | None, image_root: Path) -> str | None:
    if path is None:
        return None
    if not path.exists():
        raise UserError(f"there is no {path}: give --annotations a folder of JSON files, or one COCO file")
    resolved = path.resolve()
    if path.is_file():
        if path.suffix.lower() != ".json":
            raise UserError(f"{path} is no .json file: give --annotations a folder of JSON files, or one COCO file")
        return str(resolved)
    if resolved == image_root:
        return None  # JSON beside the images is found anyway
    if image_root in resolved.parents:
        raise UserError(
            f"{path} lies inside the image folder {image_root}, where every folder is a class: "
            "move the annotations out of it, or leave --annotations away if they lie beside the images"
        )
    classes = read_catalog(image_root).classes
    folders = {escape(os.fsencode(child.name)) for child in path.iterdir() if child.is_dir()}
    if not folders.intersection(classes) and not any(child.suffix.lower() == ".json" for child in path.iterdir()):
        raise UserError(
            f"{path} holds neither a folder named like a class ({', '.join(classes[:3]) or 'there is none'}, ...) "
            "nor a .json file: give --annotations the folder that holds them"
        )
    return str(resolved)


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
