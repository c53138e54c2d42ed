"""The recording sessions of a class: when, where, from how far, and with which palette."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from math import sqrt
from typing import TypeVar

from thermal_assets.synthetic import weather
from thermal_assets.synthetic.catalog import ObjectKind
from thermal_assets.synthetic.chance import Chance
from thermal_assets.synthetic.counts import shares_of
from thermal_assets.synthetic.palettes import SHARES
from thermal_assets.synthetic.picture import Session

FIRST_DAY, LAST_DAY = date(2020, 9, 1), date(2021, 2, 28)
SITES = ("CIC", "BSN", "ULS", "GMI", "YSU")
# Share of the sessions that take place in the dark.
NIGHT_SHARE, INTRUDER_NIGHT_SHARE = 0.15, 0.85

Slot = tuple[date, str, int, int]
Card = TypeVar("Card")


@dataclass(frozen=True)
class Batch:
    """Frames of one session from one distance."""

    session: Session
    distance_m: float
    images: int


def plan_batches(
    seed: int, class_name: str, kind: ObjectKind, anomalous: bool, images: int, taken: set[Slot]
) -> list[Batch]:
    """Sessions of a class with ``images`` images in all, spread evenly over the collection window.

    ``taken`` holds the time slots of other sessions and receives those of the new ones. Palettes and distances are
    dealt out in fixed proportions, so that neither tells normal from anomalous.
    """
    if images == 0:
        return []
    chance = Chance(seed, "sessions", class_name)
    # As a class grows, its sessions get both longer and more numerous.
    length = kind.per_session[anomalous] * sqrt(max(1.0, images / 250))
    count = max(1, min(images, round(images / length)))
    sizes = shares_of(images, [chance.uniform(f"size_{i}", 0.9, 1.1) for i in range(count)])
    palettes = _dealt(
        chance,
        "palette",
        [n for n, k in zip(SHARES, shares_of(count, list(SHARES.values())), strict=True) for _ in range(k)],
    )
    periods = _dealt(chance, "period", list(range(count)))
    night_share = INTRUDER_NIGHT_SHARE if kind.name == "person" and anomalous else NIGHT_SHARE
    batches: list[Batch] = []
    for i, size in enumerate(sizes):
        slot = _slot(chance, i, (periods[i] + chance.uniform(f"day_{i}")) / count, night_share, taken)
        taken.add(slot)
        session = make_session(seed, f"{class_name}/{i}", slot, palettes[i])
        for distance, part in zip(*_distances(kind, i, size), strict=True):
            if part:
                batches.append(Batch(session, distance, part))
    return batches


def make_session(seed: int, key: str, slot: Slot, palette: str) -> Session:
    """The session at a time slot (day, site, first and last minute of the day), with its weather."""
    day, site, start, end = slot
    chance = Chance(seed, "weather", key)
    middle = (start + end) // 2
    air = weather.air_temperature(day, middle, chance)
    return Session(key, day, site, start, end, palette, air, weather.sunshine(middle, chance))


def _dealt(chance: Chance, name: str, cards: list[Card]) -> list[Card]:
    order = chance.generator(name).permutation(len(cards))
    return [cards[i] for i in order]


def _slot(chance: Chance, index: int, when: float, night_share: float, taken: set[Slot]) -> Slot:
    """A day, site and time window that no other session has."""
    day = FIRST_DAY + timedelta(days=int(when * ((LAST_DAY - FIRST_DAY).days + 1)))
    if chance.happens(f"night_{index}", night_share):
        first, last = chance.choice(f"hours_{index}", [(30, 4 * 60 + 30), (19 * 60, 22 * 60 + 20)])
    else:
        first, last = 8 * 60, 16 * 60 + 30
    start, lasts = chance.integer(f"start_{index}", first, last), chance.integer(f"lasts_{index}", 8, 70)
    site = chance.choice(f"site_{index}", SITES, [4, 2, 2, 1, 1])
    while (day, site, start, start + lasts) in taken:
        start = start + 1 if start < last else first
    return day, site, start, start + lasts


def _distances(kind: ObjectKind, index: int, images: int) -> tuple[list[float], list[int]]:
    """One distance for long bursts and very short visits, else two; in turn, so that each is met in several sessions."""
    choices = kind.distances_m
    first = index % len(choices)
    if images < 4 or kind.one_distance:
        return [choices[first]], [images]
    step = 1 + (index // len(choices)) % (len(choices) - 1)
    return [choices[first], choices[(first + step) % len(choices)]], [images - images // 2, images // 2]
