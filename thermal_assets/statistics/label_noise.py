"""How many labels of a class are contradicted beyond what the resemblance of two classes explains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from thermal_assets.statistics.drift_values import plural
from thermal_assets.statistics.frames import table_frame
from thermal_assets.statistics.groups import codes
from thermal_assets.statistics.hashing import generator
from thermal_assets.statistics.label_evidence import LabelEvidence
from thermal_assets.statistics.label_pairs import LabelPair, judged_members, label_pair
from thermal_assets.statistics.resampling import MIN_SESSIONS_A_SIDE
from thermal_assets.statistics.stratified_draw import draw_per_stratum

DEPTHS = (0.1, 0.25, 0.5, 0.75, 0.9)
CONTRARY_ODDS = 9.0  # of the other label against the own one
LEAST_CONTRARY = 3  # one or two images are no rate
LEAST_OTHER = 20  # images of the other label that typicality is measured by
MAX_PER_CLASS = 5000
REPLICATES = 400
ALL = "*"
SALT = "label_noise"


@dataclass(frozen=True)
class _Curve:
    """``replicates`` float64[1 + r, depths]: excess shares as measured, then as resampled."""

    other: str
    contrary: int
    sessions: int
    replicates: NDArray[np.float64]
    depth: int


def label_noise(images: pl.DataFrame, evidence: LabelEvidence, *, lens_id: str, salt: str = SALT) -> pl.DataFrame:
    """Rows of table ``label_noise``: one a class and other label that contradicts it, and one of all these together
    (neighbor_class ``*``).

    Where two classes resemble each other, right labels are contradicted too, but by images at the border: the farther
    into the other class, the fewer. Wrong labels go on: of images of class B under label A, as large a share lies
    among the most typical half, or tenth, of B as of B itself. So for depths d = 0.1 to 0.9 the share of A with a
    typicality (LabelPair) above d, over the share of B above d, falls until it levels off, and where it levels off it
    is the share of A that comes from B: the mixture proportion that only irreducibility makes identifiable
    (Blanchard, Lee and Scott, J. Mach. Learn. Res. 11 (2010) 2973). ``depth`` is the smallest d whose lower bound does
    not exceed the curve at any larger one, of those beyond which the odds for B are 9 or more: where even images of B
    look hardly more like B than like A, typicality of B says nothing. What is left is a wrong label, or a picture in
    which the lens sees nothing of its class: these two cannot be told apart by vectors.
    Whole sessions are resampled, of both classes at once (Poisson bootstrap: Hanley and MacGibbon, Comput. Methods
    Programs Biomed. 83 (2006) 57), for the 95 % interval, from eight sessions a side on; with fewer, nothing is
    identifiable. Without sessions single images (groups of near copies) are, and the note says so.
    At most ``MAX_PER_CLASS`` images a class take part, by salted hash. Pairs with fewer than three images of odds 9
    are left out.
    """
    rows: list[dict[str, Any]] = []
    members, best = judged_members(evidence)
    keys = images["image_key"].to_numpy().astype(np.int64)
    members = [of[draw_per_stratum(keys[of], np.zeros(of.size, np.int64), MAX_PER_CLASS, salt)] for of in members]
    sessions = codes(images["session_id"])
    for label, name in enumerate(evidence.names):
        whole = int(np.sum(evidence.labels == label))
        pairs = _contradicting(evidence, members, best, label)
        own_sessions = _sessions(sessions, members[label])
        base = {"class_name": name, "image_count": whole, "sessions": own_sessions, "lens_id": lens_id}
        curves = _curves(evidence, members[label], pairs, sessions, f"{salt}|{name}")
        rows += [base | _row(curve.other, [curve], own_sessions) for curve in curves]
        if curves:
            rows.append(base | _row(ALL, _identifiable(curves, own_sessions) or curves, own_sessions))
    return table_frame("label_noise", rows)


def _contradicting(
    evidence: LabelEvidence, members: list[NDArray[np.int64]], best: NDArray[np.float32], label: int
) -> dict[str, LabelPair]:
    mine = members[label]
    found = {}
    for other, name in enumerate(evidence.names):
        odds = evidence.logs[mine, other] - evidence.logs[mine, label]
        if other == label or np.sum(odds >= np.log(CONTRARY_ODDS)) < LEAST_CONTRARY:
            continue
        pair = label_pair(evidence, members, best, label, other)
        enough = np.sum(pair.own_scores >= np.log(CONTRARY_ODDS)) >= LEAST_CONTRARY
        if enough and pair.other.size >= LEAST_OTHER:
            found[name] = pair
    return found


def _curves(
    evidence: LabelEvidence,
    mine: NDArray[np.int64],
    pairs: dict[str, LabelPair],
    sessions: NDArray[np.int64],
    salt: str,
) -> list[_Curve]:
    if not pairs:
        return []
    everyone = np.unique(np.concatenate([mine, *(pair.other for pair in pairs.values())]))
    names, of = np.unique(evidence.groups[everyone], return_inverse=True)
    unit = np.zeros(len(evidence.labels), dtype=np.int64)
    unit[everyone] = of
    random = generator(salt)
    draws = random.poisson(1.0, (REPLICATES, names.size)).astype(np.float32)
    weights = np.concatenate([np.ones((1, names.size), dtype=np.float32), draws])

    def counted(rows: NDArray[np.int64]) -> NDArray[np.float64]:
        images_of = np.bincount(unit[rows], minlength=names.size).astype(np.float32)
        return np.asarray(weights @ images_of, dtype=np.float64)

    whole = np.maximum(counted(mine), 1e-9)
    found = []
    for other, pair in pairs.items():
        bounds = np.quantile(pair.other_scores, DEPTHS)
        first = int(np.sum(bounds < np.log(CONTRARY_ODDS)))
        if first == len(DEPTHS):
            continue
        reached = np.stack([counted(pair.own[pair.own_scores > bound]) for bound in bounds], axis=1)
        beyond = np.stack([counted(pair.other[pair.other_scores > bound]) for bound in bounds], axis=1)
        usual = beyond / np.maximum(counted(pair.other), 1e-9)[:, None]
        shares = reached / whole[:, None] / np.maximum(usual, 1e-9)
        contrary = int(np.sum(pair.own_scores >= np.log(CONTRARY_ODDS)))
        found.append(_Curve(other, contrary, _sessions(sessions, pair.other), shares, _levels_off(shares, first)))
    return found


def _levels_off(shares: NDArray[np.float64], first: int) -> int:
    """The depth, from ``first`` on, that no larger one lies significantly below."""
    low = np.quantile(shares[1:], 0.025, axis=0)
    return next(at for at in range(first, len(DEPTHS)) if (shares[0, at + 1 :] >= low[at]).all())


def _identifiable(curves: list[_Curve], own_sessions: int) -> list[_Curve]:
    return [one for one in curves if not own_sessions or one.sessions >= MIN_SESSIONS_A_SIDE]


def _sessions(sessions: NDArray[np.int64], rows: NDArray[np.int64]) -> int:
    return int(np.unique(sessions[rows][sessions[rows] >= 0]).size)


def _row(other: str, curves: list[_Curve], own_sessions: int) -> dict[str, Any]:
    sides = [own_sessions, *(curve.sessions for curve in curves)]
    values = sum((curve.replicates[:, curve.depth] for curve in curves), np.zeros(REPLICATES + 1))
    share: float | None = min(1.0, float(values[0]))
    low, high = (min(1.0, float(value)) for value in np.quantile(values[1:], [0.025, 0.975]))
    contrary = sum(curve.contrary for curve in curves)
    found = {
        "neighbor_class": other,
        "contrary": contrary,
        "neighbor_sessions": min(sides[1:]),
        "depth": DEPTHS[curves[0].depth] if other != ALL else None,
    }
    note = f"95 % interval: whole sessions of both classes resampled {REPLICATES:,} times"
    if max(sides) == 0:
        note = "The names carry no session: single images resampled, which may not be independent"
    elif min(sides) < MIN_SESSIONS_A_SIDE:
        few = f"{plural(own_sessions, 'session')} against {min(sides[1:])}; it takes {MIN_SESSIONS_A_SIDE} on each side"
        note = f"Not identifiable: {few}"
        statement = (
            f"{plural(contrary, 'image')} contradicted; whether by wrong labels or by classes that resemble each "
            f"other cannot be told from {few}"
        )
        return found | {"share": None, "ci_low": None, "ci_high": None, "interval_note": note, "statement": statement}
    statement = (
        f"{share:.1%} of the images (95 % interval {low:.1%} to {high:.1%}) are as typical of "
        f"{'other classes' if other == ALL else other} as its own images: more than resemblance explains"
        if low > 0
        else f"{plural(contrary, 'image')} contradicted; beyond resemblance {share:.1%} of the images, but the 95 % interval "
        f"reaches from 0 to {high:.1%}: one session, or where the classes meet, may explain them"
    )
    return found | {"share": share, "ci_low": low, "ci_high": high, "interval_note": note, "statement": statement}
