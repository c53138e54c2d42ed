"""What the sensor has asked for, and what became of it: when a failed run is worth asking for again.

A run that failed for a reason that can pass by itself (a lock, a killed process, a full disk) is
asked for again after a growing wait, a bounded number of times. A user's mistake is not repeated
until the folder or the settings of the home change.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

WAITS_SECONDS = (60.0, 300.0, 1800.0)
_LOST_SECONDS = 600.0


class Outcome(StrEnum):
    """How a run that was asked for stands."""

    UNDER_WAY = "under way"
    SUCCEEDED = "succeeded"
    STOPPED = "stopped by a person"
    FAILED = "failed"
    MISTAKE = "failed, and would again"


@dataclass
class Asked:
    """One thing that was asked for; forgotten once it succeeded.

    ``number`` ends its run key; ``at`` is when it was asked for and ``again_at`` when it may be
    asked for again, both unix seconds, 0 = not; ``reason`` is why the last run failed.
    """

    number: int
    at: float
    failures: int = 0
    again_at: float = 0.0
    reason: str = ""
    mistake: bool = False

    @property
    def waiting(self) -> bool:
        """The run has not ended yet, as far as is known."""
        return self.at > 0

    @property
    def given_up(self) -> bool:
        return not self.waiting and not self.again_at


@dataclass
class Requests:
    """Everything asked for, by subject (a class, 'classes', ...).

    ``epoch`` and ``last`` make run keys that never repeat, not even after the cursor was reset.
    """

    epoch: int = field(default_factory=lambda: int(time.time()))
    last: int = 0
    settings: str = ""
    asked: dict[str, Asked] = field(default_factory=dict)

    def ask(self, subject: str, now: float, *, again: bool = False) -> str:
        """Note that ``subject`` is asked for now (``again``: since it failed); returns the run key."""
        self.last += 1
        self.asked[subject] = Asked(self.last, now, self.asked[subject].failures if again else 0)
        return self._key(subject, self.last)

    def may_ask(self, subject: str) -> bool:
        """Whether nothing of ``subject`` is under way, waiting for its turn, or given up."""
        return subject not in self.asked

    def due_again(self, now: float) -> list[str]:
        """Subjects that failed and whose wait is over."""
        return [subject for subject, asked in self.asked.items() if asked.again_at and asked.again_at <= now]

    def unanswered(self) -> dict[str, str]:
        """Run key -> subject of what has not ended yet."""
        return {self._key(subject, asked.number): subject for subject, asked in self.asked.items() if asked.waiting}

    def answer(self, subject: str, outcome: Outcome | None, now: float, reason: str = "") -> None:
        """Take in how the run of ``subject`` stands; None: no such run is known."""
        asked = self.asked[subject]
        if outcome is None:
            # A tick that was cut short may have noted a run that it never launched.
            if now - asked.at > _LOST_SECONDS:
                asked.at, asked.again_at, asked.reason = 0.0, now, "the run was never started"
        elif outcome in (Outcome.SUCCEEDED, Outcome.STOPPED):
            del self.asked[subject]
        elif outcome is not Outcome.UNDER_WAY:
            asked.at, asked.reason = 0.0, reason[:200]
            asked.mistake = outcome is Outcome.MISTAKE
            if not asked.mistake and asked.failures < len(WAITS_SECONDS):
                asked.again_at = now + WAITS_SECONDS[asked.failures]
                asked.failures += 1

    def note_failure(self, subject: str, outcome: Outcome, now: float, reason: str) -> None:
        """Take in the failure of a run that was not asked for here; one that is known already changes nothing."""
        if subject not in self.asked:
            self.last += 1
            self.asked[subject] = Asked(self.last, now)
            self.answer(subject, outcome, now, reason)

    def settings_are(self, settings: str, now: float) -> None:
        """After a change of the settings, whatever failed is worth asking for once more."""
        if self.settings and settings != self.settings:
            for asked in self.asked.values():
                if not asked.waiting:
                    asked.failures, asked.again_at, asked.mistake = 0, now, False
        self.settings = settings

    def forgive(self, subject: str) -> None:
        """What was given up may be asked for again."""
        if subject in self.asked and self.asked[subject].given_up:
            del self.asked[subject]

    def forget(self, subjects: Iterable[str]) -> None:
        for subject in subjects:
            self.asked.pop(subject, None)

    def told(self, now: float) -> list[str]:
        """One line for each failed subject: why, and when it is asked for again."""
        lines = []
        for subject, asked in self.asked.items():
            if asked.waiting:
                continue
            if asked.again_at:
                then = f"asked for again in {max(asked.again_at - now, 0):,.0f} s ({asked.failures} failed)"
            elif asked.mistake:
                then = "not repeated until its folder or the settings of the home change"
            else:
                then = f"given up after {asked.failures + 1} runs, until its folder or the settings of the home change"
            lines.append(f"{subject}: {asked.reason or 'failed'}; {then}")
        return lines

    def _key(self, subject: str, number: int) -> str:
        return f"{subject}:{self.epoch}-{number}"

    def to_list(self) -> list[Any]:
        """Short, since it is stored after every look."""
        asked = {
            subject: [a.number, round(a.at), a.failures, round(a.again_at), a.reason, a.mistake]
            for subject, a in self.asked.items()
        }
        return [self.epoch, self.last, self.settings, asked]

    @staticmethod
    def from_list(data: list[Any]) -> Requests:
        epoch, last, settings, asked = data
        return Requests(epoch, last, settings, {subject: Asked(*values) for subject, values in asked.items()})
