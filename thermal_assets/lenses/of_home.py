"""The L2 lens of a home, resolved once and remembered: proving that weights fit costs a second and torch."""

from __future__ import annotations

import json
from pathlib import Path

from thermal_assets.home.layout import Home, write_atomically
from thermal_assets.home.settings import LensSettings
from thermal_assets.lenses.lens_spec import PACKAGED, LensSpec


def home_lens(home: Home, name: str | None = None, weights: str | None = None) -> LensSpec:
    """The lens that home.toml names, or the one that ``name`` and ``weights`` ask for instead.

    Raises:
        UserError: its weights are missing or do not fit.
    """
    settings = home.settings.lens
    if name or weights:
        settings = LensSettings(name=name or settings.name, weights=weights)
    return remembered_lens(home.root, settings)


def automatic_lens() -> str:
    """Name of the lens that this machine has without a download: ImageNet's if it is here, else the packaged one."""
    from thermal_assets.lenses.downloads import cached_weights

    return "mobilenet_v2" if cached_weights("mobilenet_v2").is_file() else PACKAGED


def remembered_lens(root: Path, settings: LensSettings) -> LensSpec:
    """The lens of ``settings``; read from ``root``/lens.json while settings and weights file are unchanged."""
    asked = json.dumps([settings.model_dump(mode="json"), _stamp(settings.weights)], sort_keys=True)
    memory = root / "lens.json"
    try:
        stored = json.loads(memory.read_text())
        if stored["asked"] == asked:
            spec = LensSpec.from_dict(stored["spec"])
            if _current(spec, stored["weights_stamp"]):
                return spec
    except (OSError, ValueError, KeyError, TypeError):
        pass  # not remembered, or by another version: resolve it again
    from thermal_assets.lenses.networks import resolve_lens

    spec = resolve_lens(
        settings.name,
        Path(settings.weights) if settings.weights else None,
        input_size=settings.input_size,
        mean=settings.mean,
        std=settings.std,
    )
    if root.is_dir():
        kept = {"asked": asked, "spec": spec.to_dict(), "weights_stamp": _stamp(spec.weights)}
        write_atomically(memory, json.dumps(kept).encode())
    return spec


def _current(spec: LensSpec, stamp: object) -> bool:
    if spec.source == "package":  # another version of the program may bring another one
        from thermal_assets.lenses.networks import packaged_sha256

        return spec.weights_sha256 == packaged_sha256()
    return spec.weights is None or _stamp(spec.weights) == stamp


def _stamp(weights: str | None) -> list[int] | None:
    if weights is None:
        return None
    try:
        status = Path(weights).stat()
    except OSError:
        return []
    return [status.st_size, status.st_mtime_ns]
