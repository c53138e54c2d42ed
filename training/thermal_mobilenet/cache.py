"""What training reads again and again, computed once: views as the frozen blocks see them, and the teacher's word."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import nn

from thermal_assets.embedding.engine import Embedder
from thermal_assets.embedding.preprocess import network_input
from thermal_assets.lenses.lens_spec import LensSpec
from training.thermal_mobilenet.pictures import Picture
from training.thermal_mobilenet.views import view

_BATCH = 32
TEACHER_SIDE = 160


def normalised(images: np.ndarray) -> torch.Tensor:
    """uint8[n, S, S, 3] -> float32[n, 3, S, S] from -1 to 1, channels last."""
    batch = torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2).to(torch.float32)
    return batch.div_(127.5).sub_(1).contiguous(memory_format=torch.channels_last)


def trunk_outputs(
    path: Path, trunk: nn.Module, pictures: list[Picture], side: int, views: int, seed: int
) -> np.ndarray:
    """float16[pictures * views, h, w, c]: what the frozen blocks make of ``views`` random views of each picture.

    Kept in the file ``path``; one that was cut off is continued.
    """
    with torch.inference_mode():
        channels, height, width = trunk(torch.zeros(1, 3, side, side)).shape[1:]
    total = len(pictures) * views
    shape = (total, height, width, channels)
    progress = path.with_suffix(".done")
    done = int(progress.read_text()) if path.exists() and progress.exists() else 0
    out = np.memmap(path, np.float16, mode="r+" if done else "w+", shape=shape)
    for start in range(done, total, _BATCH):
        rows = range(start, min(start + _BATCH, total))
        images = [view(pictures[row // views].levels, side, np.random.default_rng((seed, row))) for row in rows]
        with torch.inference_mode():
            found = trunk(normalised(np.stack(images)))
        out[rows.start : rows.stop] = found.permute(0, 2, 3, 1).to(torch.float16).numpy()
        if start // _BATCH % 50 == 0:
            out.flush()
            progress.write_text(str(start))
            print(f"views {start} of {total}", flush=True)
    progress.write_text(str(total))
    return out


def teacher_features(path: Path, spec: LensSpec, pictures: list[Picture]) -> np.ndarray:
    """float32[pictures, 1280]: the ImageNet lens at a larger input, on the pictures as they are; kept in ``path``."""
    if not path.exists():
        teacher = Embedder(spec)
        blocks = []
        for start in range(0, len(pictures), 256):
            part = pictures[start : start + 256]
            images = np.stack([np.ascontiguousarray(network_input(p.levels, spec.input_size)) for p in part])
            blocks.append(teacher.embed(images))
        np.save(path, np.concatenate(blocks))
    found: np.ndarray = np.load(path)
    return found
