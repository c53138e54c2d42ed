"""``thermal-assets diagnose``: run the project's own jobs on a home, class after class."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from thermal_assets.cli.console import stage_display
from thermal_assets.home.layout import Home
from thermal_assets.steps.classes import require_classes
from thermal_assets.steps.first_diagnosis import DiagnosisRun, diagnosis_runs

if TYPE_CHECKING:
    from thermal_assets.defs.in_process import JobOutcome


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
        runs = diagnosis_runs(home, keys)
        with stage_display(len(runs)) as display:
            for run in runs:
                display.stage(_shown(run))
                result.outcomes.append(runner.run(run.job, run.partition))
                display.advance()
    result.seconds = time.monotonic() - started
    return result


def _shown(run: DiagnosisRun) -> str:
    names = {"refit_l3_lens": "fitting the L3 lens", "diagnose_dataset": "whole data set"}
    return names.get(run.job) or f"{run.partition} ({run.job})"
