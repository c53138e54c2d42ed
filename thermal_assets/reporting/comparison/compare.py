"""From two sides to rows that stand beside each other; nothing with a unit is ever set against another unit."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from thermal_assets.reporting.comparison.side import LEVELS, Side
from thermal_assets.reporting.scales import Scale


@dataclass(frozen=True)
class Matched:
    """A class of A and the class of B it is compared with; ``by`` says how they were matched."""

    a: str
    b: str
    by: str


@dataclass(frozen=True)
class Comparison:
    """Two homes side by side, as the page and the terminal show it."""

    a: Side
    b: Side
    same_lens: dict[str, bool]
    scores: list[dict[str, Any]]
    same_bounds: bool
    classes: list[dict[str, Any]]
    only_a: list[str]
    only_b: list[str]
    pairs: list[dict[str, Any]]
    findings: list[dict[str, Any]]

    @property
    def composites(self) -> tuple[float | None, float | None]:
        return tuple(side.scorecard.get("composite", {}).get("value") for side in (self.a, self.b))  # type: ignore[return-value]


def compare(a: Side, b: Side) -> Comparison:
    """Set two homes side by side. Vectors and densities of different lenses are never compared, only ratios inside each."""
    matched = match_classes(a, b)
    same_lens = {
        level: level in a.lenses and level in b.lenses and a.lenses[level]["lens_id"] == b.lenses[level]["lens_id"]
        for level in LEVELS
    }
    scores, same_bounds = _scores(a, b)
    return Comparison(
        a=a,
        b=b,
        same_lens=same_lens,
        scores=scores,
        same_bounds=same_bounds,
        classes=[_class_row(a, b, pair, same_lens) for pair in matched],
        only_a=sorted(a.classes.keys() - {pair.a for pair in matched}),
        only_b=sorted(b.classes.keys() - {pair.b for pair in matched}),
        pairs=_pairs(a, b, {pair.a: pair.b for pair in matched}),
        findings=_findings(a, b),
    )


def match_classes(a: Side, b: Side) -> list[Matched]:
    """Classes of one name; then those alone, on both sides, with their pair and state."""
    found = [Matched(name, name, "name") for name in a.classes if name in b.classes]
    left_a = _by_pair(a, {pair.a for pair in found})
    left_b = _by_pair(b, {pair.b for pair in found})
    for key, names in left_a.items():
        if len(names) == 1 and len(left_b.get(key, [])) == 1:
            found.append(Matched(names[0], left_b[key][0], "pair and state"))
    return sorted(found, key=lambda pair: pair.a)


def _by_pair(side: Side, taken: set[str]) -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name, row in side.classes.items():
        if name not in taken and row["pair"] and row["state"]:
            found[(row["pair"], row["state"])].append(name)
    return found


def _scores(a: Side, b: Side) -> tuple[list[dict[str, Any]], bool]:
    shown, same = [], True
    for measure, first in a.scorecard.items():
        second = b.scorecard.get(measure)
        if second is None:
            continue
        if measure != "composite":
            same &= all(first[name] == second[name] for name in ("good", "bad", "weight"))
        scale = Scale(0.0, 100.0 if measure == "composite" else 1.0)
        shown.append(
            {
                "measure": measure,
                "title": first["title"],
                "characteristic": first["characteristic"],
                "a": first,
                "b": second,
                "at": (scale.at(first["value"]), scale.at(second["value"])),
                "difference": _difference(first["value"], second["value"]),
            }
        )
    return shown, same


def _class_row(a: Side, b: Side, pair: Matched, same_lens: dict[str, bool]) -> dict[str, Any]:
    levels = {}
    for level in LEVELS:
        first, second = a.densities.get((pair.a, level)), b.densities.get((pair.b, level))
        levels[level] = {
            "relative": (_get(first, "relative_median"), _get(second, "relative_median")),
            "spread": (_get(first, "spread"), _get(second, "spread")),
            # One lens measures both in one unit; then, and only then, the medians themselves may be divided.
            "ratio": (
                second["relative_median"]
                * second["median_of_all"]
                / (first["relative_median"] * first["median_of_all"])
                if same_lens[level] and first and second
                else None
            ),
        }
    first, second = a.classes[pair.a], b.classes[pair.b]
    return {
        "match": pair,
        "share": (first["share"], second["share"]),
        "unreadable": (first["unreadable_share"], second["unreadable_share"]),
        "copies": (first["copy_share"], second["copy_share"]),
        "size_ratio": second["image_count"] / first["image_count"] if first["image_count"] else None,
        "levels": levels,
    }


def _pairs(a: Side, b: Side, names: dict[str, str]) -> list[dict[str, Any]]:
    scale = Scale(0.0, 1.0)
    found = []
    for (normal, anomaly, level), first in sorted(a.separation.items()):
        second = b.separation.get((names.get(normal, ""), names.get(anomaly, ""), level))
        if second is None:
            continue
        row: dict[str, Any] = {"normal": normal, "anomaly": anomaly, "level": level, "a": first, "b": second}
        row["at"] = (scale.at(first["auc"]), scale.at(second["auc"]))
        row["difference"] = _difference(first["auc"], second["auc"])
        bounds = [first["ci_low"], first["ci_high"], second["ci_low"], second["ci_high"]]
        row["apart"] = (
            None if None in bounds else first["ci_high"] < second["ci_low"] or second["ci_high"] < first["ci_low"]
        )
        found.append(row)
    return sorted(found, key=lambda row: -abs(row["difference"] or 0.0))


def _findings(a: Side, b: Side) -> list[dict[str, Any]]:
    order = {"HIGH": 0, "MEDIUM": 1, "LOW": 2}
    found = []
    for detector in sorted(a.findings.keys() | b.findings.keys()):
        first, second = a.findings.get(detector), b.findings.get(detector)
        severity = min((row["severity"] for row in (first, second) if row), key=lambda word: order[word])
        found.append(
            {
                "detector": detector.replace("_", " "),
                "severity": severity,
                "counts": (first["findings"] if first else 0, second["findings"] if second else 0),
                "shares": tuple(
                    None if not side.images else min((row["images"] if row else 0) / side.images, 1.0)
                    for side, row in ((a, first), (b, second))
                ),
            }
        )
    return sorted(found, key=lambda row: (order[row["severity"]], row["detector"]))


def _difference(first: float | None, second: float | None) -> float | None:
    return None if first is None or second is None else second - first


def _get(row: dict[str, Any] | None, name: str) -> float | None:
    return None if row is None else row[name]
