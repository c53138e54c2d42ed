"""Reading a file of network weights that may be anything."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from thermal_assets.errors import UserError

if TYPE_CHECKING:
    import torch


def read_state_dict(path: Path) -> dict[str, torch.Tensor]:
    """Tensors by name from a ``.safetensors`` file or a PyTorch state dict; no code in it is ever run.

    A checkpoint that wraps the state dict under ``state_dict`` or ``model`` is unwrapped, and the prefix
    ``module.`` that data-parallel training leaves behind is dropped.

    Raises UserError where the file is missing, is no such file, or holds numbers that are not finite.
    """
    import torch

    try:
        if path.suffix == ".safetensors":
            content: object = _read_safetensors(path)
        else:
            content = torch.load(path, map_location="cpu", weights_only=True)
    except UserError:
        raise
    except OSError as error:
        raise UserError(f"{path}: the weights cannot be read ({error.strerror})") from error
    except Exception as error:  # torch.load has no common exception for what is not a state dict
        raise UserError(
            f"{path}: not a PyTorch state dict (a text file, cut off, or a whole pickled model); "
            "save it with torch.save(model.state_dict(), FILE)"
        ) from error

    for wrapper in ("state_dict", "model"):
        if isinstance(content, dict) and isinstance(content.get(wrapper), dict):
            content = content[wrapper]
    if not isinstance(content, dict) or not content or not all(isinstance(v, torch.Tensor) for v in content.values()):
        raise UserError(f"{path}: holds no state dict; save it with torch.save(model.state_dict(), FILE)")
    state = {str(key).removeprefix("module."): value for key, value in content.items()}
    broken = next((key for key, value in state.items() if not bool(torch.isfinite(value).all())), None)
    if broken is not None:
        raise UserError(
            f"{path}: the weights '{broken}' hold values that are not finite numbers; take another checkpoint"
        )
    return state


def _read_safetensors(path: Path) -> dict[str, torch.Tensor]:
    from safetensors.torch import load_file

    return load_file(path)
