"""The training loop: upper blocks only, from checkpoint to checkpoint."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from training.thermal_mobilenet.losses import distillation, supervised_contrast

EVERY = 25
WARM_UP = 50


@dataclass(frozen=True)
class Plan:
    """``batch`` pictures a step, two views each; ``unlabelled`` of them, as a share, are pictures without a label."""

    steps: int
    batch: int = 96
    rate: float = 5e-4
    head_rate: float = 1e-3
    unlabelled: float = 0.25
    weight_decay: float = 0.01
    seed: int = 0


class Student(nn.Module):
    """The trainable blocks float32[n, c, h, w] -> float32[n, 1280], and two heads that are thrown away afterwards."""

    def __init__(self, blocks: nn.Module, components: np.ndarray, mean: np.ndarray) -> None:
        super().__init__()
        self.blocks = blocks.requires_grad_(True)
        directions, width = components.shape
        self.to_teacher = nn.Linear(width, directions)
        self.to_contrast = nn.Sequential(nn.Linear(width, 256), nn.ReLU(), nn.Linear(256, 64))
        with torch.no_grad():
            self.to_teacher.weight.copy_(torch.from_numpy(components))
            self.to_teacher.bias.copy_(torch.from_numpy(-components @ mean) * 10)

    def features(self, x: torch.Tensor) -> torch.Tensor:
        return self.blocks(x).mean((2, 3))


def fit(
    student: Student,
    cached: np.ndarray,
    views: int,
    labels: list[str | None],
    targets: torch.Tensor,
    plan: Plan,
    checkpoint: Path,
) -> None:
    """Train in place; batch norm stays as it is. Goes on from ``checkpoint`` where there is one."""
    student.eval()
    heads = [*student.to_teacher.parameters(), *student.to_contrast.parameters()]
    rates = (plan.rate, plan.head_rate)
    optimizer = torch.optim.AdamW(
        [{"params": student.blocks.parameters()}, {"params": heads}], lr=plan.rate, weight_decay=plan.weight_decay
    )
    first = 0
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=True)
        student.load_state_dict(saved["student"])
        optimizer.load_state_dict(saved["optimizer"])
        first = int(saved["step"])
    by_label: dict[str, list[int]] = {}
    for number, label in enumerate(labels):
        if label is not None:
            by_label.setdefault(label, []).append(number)
    known = sorted(by_label)
    unlabelled = [number for number, label in enumerate(labels) if label is None]
    free = round(plan.batch * plan.unlabelled) if unlabelled else 0
    group = {label: -1 - position for position, label in enumerate(known)}
    started, worked = time.perf_counter(), time.process_time()
    seen: list[tuple[float, float]] = []
    for step in range(first, plan.steps):
        rng = np.random.default_rng((plan.seed, step))  # a step draws the same whether or not the run was cut off
        factor = min(1.0, (step + 1) / WARM_UP) * 0.5 * (1 + math.cos(math.pi * step / plan.steps))
        for parameters, rate in zip(optimizer.param_groups, rates, strict=True):
            parameters["lr"] = rate * factor
        chosen = [int(rng.choice(by_label[known[i]])) for i in rng.integers(len(known), size=plan.batch - free)]
        chosen += [int(number) for number in rng.choice(unlabelled, free, replace=False)] if free else []
        pair = np.stack([rng.permutation(views)[:2] for _ in chosen], axis=1)
        rows = np.concatenate([np.asarray(chosen) * views + pair[0], np.asarray(chosen) * views + pair[1]])
        x = torch.from_numpy(cached[rows].astype(np.float32)).permute(0, 3, 1, 2)
        names = [labels[number] for number in chosen]
        groups = torch.tensor([n if (a := names[i]) is None else group[a] for i, n in enumerate(chosen)]).repeat(2)
        features = student.features(x)
        kept = distillation(student.to_teacher(features), targets[torch.tensor(chosen)].repeat(2, 1))
        gathered = supervised_contrast(student.to_contrast(features), groups)
        optimizer.zero_grad()
        (kept + gathered).backward()
        nn.utils.clip_grad_norm_(student.parameters(), 5.0)
        optimizer.step()
        seen.append((kept.item(), gathered.item()))
        if (step + 1) % EVERY == 0 or step + 1 == plan.steps:
            temporary = checkpoint.with_suffix(".tmp")
            state = {"student": student.state_dict(), "optimizer": optimizer.state_dict(), "step": step + 1}
            torch.save(state, temporary)
            temporary.replace(checkpoint)
            rate = (step + 1 - first) * plan.batch * 2
            means = " ".join(f"{value:.3f}" for value in np.mean(seen[-EVERY:], axis=0))
            by_clock, by_processor = rate / (time.perf_counter() - started), rate / (time.process_time() - worked)
            print(
                f"step {step + 1}: distillation, contrast {means}; {by_clock:.0f} views/s, "
                f"{by_processor:.0f} a processor second",
                flush=True,
            )
