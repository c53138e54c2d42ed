"""Where sql/ and dbt_like_reports/ are: at the root of the checkout, beside the package."""

from __future__ import annotations

from pathlib import Path

from thermal_assets.errors import UserError

ROOT = Path(__file__).resolve().parent.parent.parent


def checkout_folder(name: str) -> Path:
    """Folder ``name`` beside the package.

    Raises:
        UserError: it is not there, as when the package was installed without its checkout.
    """
    folder = ROOT / name
    if not folder.is_dir():
        raise UserError(
            f"the folder {name}/ is not beside the package (looked in {ROOT}): run from a checkout of the project, "
            "installed with pip install -e"
        )
    return folder
