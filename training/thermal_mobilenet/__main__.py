"""Train `thermal_mobilenet`: python -m training.thermal_mobilenet --help."""

from __future__ import annotations

import argparse
import ctypes
import os
from itertools import pairwise
from pathlib import Path

import torch
from torch import nn

from thermal_assets.embedding.fast_network import folded, fused
from thermal_assets.lenses.architectures import empty_features
from thermal_assets.lenses.networks import load_network, resolve_lens
from thermal_assets.synthetic.dataset import write_sample_dataset
from training.thermal_mobilenet.cache import TEACHER_SIDE, teacher_features, trunk_outputs
from training.thermal_mobilenet.fitting import Plan, Student, fit
from training.thermal_mobilenet.losses import teacher_targets
from training.thermal_mobilenet.pictures import gather

SIDE = 96
#: Blocks of MobileNetV2 that stay as they were: edges and blobs are the same in heat and light.
FROZEN_BLOCKS = 11
VIEWS = 4
SYNTHETIC_IMAGES = 3000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--data", type=Path, required=True, help="folder of hit_uav_crops, hit_uav_frames, solar_modules"
    )
    parser.add_argument("--teacher", type=Path, required=True, help="ImageNet weights of mobilenet_v2 (mean, std 0.5)")
    parser.add_argument("--work", type=Path, required=True, help="folder for caches and checkpoints")
    parser.add_argument("--out", type=Path, required=True, help="where to write the weights (.safetensors, fp16)")
    parser.add_argument("--hold-out", choices=("solar_modules", "hit_uav"), default="solar_modules")
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    _keep_freed_memory()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    options.work.mkdir(parents=True, exist_ok=True)
    write_sample_dataset(options.work / "synthetic", SYNTHETIC_IMAGES, seed=options.seed + 100)
    pictures = gather(options.data, options.work / "synthetic", options.hold_out, options.seed)
    labelled = sum(picture.label is not None for picture in pictures)
    print(f"{len(pictures)} pictures, {labelled} of them labelled; held out: {options.hold_out}", flush=True)

    weights = {"mean": 0.5, "std": 0.5}
    start = resolve_lens("mobilenet_v2", options.teacher, input_size=SIDE, **weights)
    blocks = load_network(start).get_submodule("0").to(memory_format=torch.channels_last)
    assert isinstance(blocks, nn.Sequential)
    larger = resolve_lens("mobilenet_v2", options.teacher, input_size=TEACHER_SIDE, **weights)
    targets, components, mean = teacher_targets(teacher_features(options.work / "teacher.npy", larger, pictures))
    blocks = folded(blocks)
    trunk = fused(blocks[:FROZEN_BLOCKS])
    cached = trunk_outputs(options.work / "views.f16", trunk, pictures, SIDE, VIEWS, seed=options.seed)
    student = Student(blocks[FROZEN_BLOCKS:], components, mean)
    plan = Plan(steps=options.steps, seed=options.seed)
    labels = [picture.label for picture in pictures]
    fit(student, cached, VIEWS, labels, targets, plan, options.work / f"checkpoint-{options.steps}.pt")
    save(blocks, options.out)


def save(blocks: nn.Sequential, path: Path) -> None:
    """The folded feature part of MobileNetV2 under torchvision's names, in fp16, with batch norms that only add."""
    from safetensors.torch import save_file

    plain = empty_features("mobilenet_v2")
    trained = dict(blocks.named_modules())
    with torch.no_grad():
        for name, module in plain.named_modules():
            if not isinstance(module, nn.Sequential):
                continue
            for first, second in pairwise(list(module._modules)):
                convolution, norm = module._modules[first], module._modules[second]
                if isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                    source = trained[f"{name}.{first}"]
                    assert isinstance(source, nn.Conv2d)
                    assert source.bias is not None
                    convolution.weight.copy_(source.weight)
                    norm.weight.fill_(1)
                    norm.bias.copy_(source.bias)
                    norm.running_mean.zero_()  # type: ignore[union-attr]
                    norm.running_var.fill_(1 - norm.eps)  # type: ignore[union-attr]
    state = {
        f"features.{key}": value.detach().to(torch.float16).contiguous()
        for key, value in plain.state_dict().items()
        if not key.endswith("num_batches_tracked")
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(state, path, metadata={"format": "pt"})
    print(f"{path}: {path.stat().st_size / 1e6:.2f} MB, {sum(v.numel() for v in state.values())} numbers")


def _keep_freed_memory() -> None:
    """Let the C library keep what torch frees between steps: half of the time goes into clearing pages otherwise."""
    if os.name != "posix":
        return
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt"):  # glibc: M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD
        for option, value in ((-1, 1 << 30), (-2, 1 << 28), (-3, 1 << 30)):
            library.mallopt(option, value)


if __name__ == "__main__":
    main()
