"""``thermal-assets diagnose``: run the project's own jobs on a home, class after class."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from thermal_assets.cli.console import StageDisplay, stage_display
from thermal_assets.home.layout import Home
from thermal_assets.lenses.state import has_l3_lens
from thermal_assets.steps.classes import require_classes

if TYPE_CHECKING:
    from thermal_assets.defs.in_process import JobOutcome, JobRunner


@dataclass
class Diagnosis:
    """What a diagnosis did."""

    classes: int
    seconds: float = 0.0
    outcomes: list[JobOutcome] = field(default_factory=list)

    @property
    def errors(self) -> list[str]:
        """One line a failed step, with its class."""
        return [f"{outcome.partition or 'data set'}: {error}" for outcome in self.outcomes for error in outcome.errors]

    @property
    def run_ids(self) -> list[str]:
        return [outcome.run_id for outcome in self.outcomes]


def diagnose(home: Home) -> Diagnosis:
    """Diagnose the image folder of ``home``: every class, then the data set.

    A first diagnosis takes all classes to L2, fits the L3 lens, then takes them through L3; later
    ones take each class through the lens in force and compute only what changed. A class that
    fails does not stop the others.
    """
    from thermal_assets.defs.in_process import job_runner

    classes = require_classes(home).classes
    started = time.monotonic()
    with job_runner(home) as runner:
        keys = runner.register_classes(classes)
        result = Diagnosis(len(keys))
        first = not has_l3_lens(home)
        with stage_display(2 * len(keys) + 2 if first else len(keys) + 1) as display:
            if first:
                _each_class(runner, display, result, "embed_class", keys)
                _one(runner, display, result, "refit_l3_lens", None, "fitting the L3 lens")
                _each_class(runner, display, result, "measure_class", keys)
            else:
                _each_class(runner, display, result, "refresh_class", keys)
            _one(runner, display, result, "diagnose_dataset", None, "whole data set")
    result.seconds = time.monotonic() - started
    return result


def _each_class(runner: JobRunner, display: StageDisplay, result: Diagnosis, job: str, keys: list[str]) -> None:
    for key in keys:
        _one(runner, display, result, job, key, f"{key} ({job})")


def _one(runner: JobRunner, display: StageDisplay, result: Diagnosis, job: str, key: str | None, shown: str) -> None:
    display.stage(shown)
    result.outcomes.append(runner.run(job, key))
    display.advance()
