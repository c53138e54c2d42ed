"""The page of findings: what each detector measures and when it tells, from its docstring, and the thresholds it goes by."""

from __future__ import annotations

import inspect
import re

from thermal_assets.documentation.markdown import code, page, table
from thermal_assets.findings.detectors import DETECTORS, Detector
from thermal_assets.findings.thresholds import Thresholds

_INTRO = """Detectors read tables and nothing else: measuring and judging are apart, and another threshold needs no
measuring again. Thresholds stand in `[thresholds]` of a profile; a finding that is known and accepted is waived there
(`[[waivers]]`) and stays countable. How far each can be believed: [reliability](reliability.md)."""


def findings_page() -> str:
    """The text of findings.md; a detector whose module says nothing is an error."""
    parts = [_INTRO]
    for name, detector in DETECTORS.items():
        module = inspect.getmodule(detector)
        text = inspect.getdoc(module) if module is not None else None
        if not text:
            raise ValueError(f"detector {name} has no docstring")
        used = ", ".join(map(code, _thresholds_of(detector)))
        parts.append(f"## {name}\n\n{text}" + (f"\n\nThresholds: {used}." if used else ""))
    rows = [
        (code(name), f"{field.default:g}", field.description or "") for name, field in Thresholds.model_fields.items()
    ]
    parts.append("## Thresholds\n\n" + table(("Threshold", "Default", "Reason"), rows))
    return page("What is told, and when", *parts)


def _thresholds_of(detector: Detector) -> list[str]:
    source = inspect.getsource(inspect.getmodule(detector) or detector)
    return [name for name in Thresholds.model_fields if re.search(rf"thresholds\.{name}\b", source)]
