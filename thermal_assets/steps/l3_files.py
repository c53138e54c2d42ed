"""Where a home keeps its fitted L3 lenses."""

from __future__ import annotations

from pathlib import Path

from thermal_assets.home.layout import Home
from thermal_assets.lenses.projection import ProjectionLens


def lens_path(home: Home, lens_id: str) -> Path:
    """File of a fitted L3 lens."""
    return home.lenses / f"{lens_id}.npz"


def load_lens(home: Home, lens_id: str) -> ProjectionLens:
    """The fitted L3 lens ``lens_id``.

    Raises:
        UserError: its file is missing or damaged.
    """
    return ProjectionLens.load(lens_path(home, lens_id))
