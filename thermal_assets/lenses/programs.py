"""Networks that come as programs: TorchScript (.pt) and torch.export (.pt2) files.

Such a file holds code as well as weights: take it only from people you trust.
"""

from __future__ import annotations

import warnings
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from thermal_assets.errors import UserError

if TYPE_CHECKING:
    import torch
    from torch import nn

EXPORTED = ".pt2"
_SAVE_IT = "save it with torch.export.save(torch.export.export(model, (batch,)), FILE.pt2) or torch.jit.save"


def is_program(path: Path) -> bool:
    """True for torch.export programs, by their ending, and TorchScript archives, by what is in them."""
    if path.suffix == EXPORTED:
        return True
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (OSError, zipfile.BadZipFile):
        return False
    # A pickled state dict is a zip archive too, but it has no code.
    return any("/code/" in name for name in names) and any(name.endswith("/constants.pkl") for name in names)


def load_program(path: Path) -> nn.Module:
    """The network in ``path``, in evaluation mode where it knows of modes.

    Raises UserError where the file is missing, damaged, or of a newer torch.
    """
    import torch

    if path.is_file() and not zipfile.is_zipfile(path):
        raise UserError(f"{path}: not a program (its contents are no archive): {_SAVE_IT}")
    try:
        if path.suffix == EXPORTED:
            return torch.export.load(path).module()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # TorchScript is deprecated; files of it are still about
            script = torch.jit.load(str(path), map_location="cpu")
        return script.eval()
    except OSError as error:
        raise UserError(f"{path}: the program cannot be read ({error.strerror or error})") from error
    except Exception as error:  # both loaders raise whatever their formats make of a damaged file
        raise UserError(
            f"{path}: not a program that this torch ({torch.__version__}) can load ({_first_line(error)}): {_SAVE_IT}"
        ) from error


def check_output(path: Path, network: nn.Module, batch: torch.Tensor, dimension: int) -> None:
    """Run the program once. Raises UserError where it does not turn [n, 3, S, S] into [n, ``dimension``]."""
    import torch

    count, side = batch.shape[0], batch.shape[-1]
    try:
        with torch.inference_mode():
            found = network(batch)
    except Exception as error:  # a program may raise anything
        raise UserError(
            f"{path}: the program does not take {count} images of {side} x {side} px ({_first_line(error)}); "
            "check input_size in the TOML beside it, and say batch_size there if it was exported for a fixed batch"
        ) from error
    if not isinstance(found, torch.Tensor):
        raise UserError(f"{path}: the program returns a {type(found).__name__}; it must return one tensor of features")
    width = found.flatten(1).shape[1] if found.ndim > 1 else 0
    if found.shape[0] != count or width != dimension:
        raise UserError(
            f"{path}: the program makes {list(found.shape)} of {count} images where the TOML beside it says "
            f"dimension = {dimension}; correct the TOML"
        )


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
