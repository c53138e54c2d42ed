"""Single pictures: a fault changes the picture, distance shrinks it, frames of a burst differ a little."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from thermal_assets.imaging.palettes import identify_palette
from thermal_assets.synthetic.catalog import OBJECTS, ObjectKind
from thermal_assets.synthetic.chance import Chance
from thermal_assets.synthetic.picture import Picture, Session, draw_picture

SESSION = Session("test/0", date(2020, 11, 15), "CIC", 616, 670, "grey", 8.0, 0.4)


def picture(kind: ObjectKind, **changes: object) -> Picture:
    base = Picture(3, kind.name, False, SESSION, kind.distances_m[0], 3078, 0)
    return replace(base, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", OBJECTS, ids=lambda kind: kind.name)
def test_every_object_shows_its_fault_and_shrinks_with_distance(kind: ObjectKind) -> None:
    near = draw_picture(picture(kind))
    assert near.dtype == np.uint8
    assert near.std() > 20  # a picture, not a flat field
    far = draw_picture(picture(kind, distance_m=kind.distances_m[-1]))
    assert far.size < 0.3 * near.size
    assert min(far.shape[:2]) >= 28
    faulty = draw_picture(picture(kind, anomalous=True))
    assert faulty.shape != near.shape or np.abs(faulty.astype(int) - near).mean() > 5


def test_frames_of_a_burst_differ_and_drawing_again_does_not() -> None:
    kind = OBJECTS[0]
    first = draw_picture(picture(kind))
    assert (draw_picture(picture(kind)) == first).all()
    second = draw_picture(picture(kind, frame=3079))
    assert first.shape != second.shape or (first != second).any()


@pytest.mark.parametrize(
    ("palette", "name"), [("ironbow", "iron"), ("rainbow", "rainbow"), ("inferno", "inferno"), ("grey", "grey")]
)
def test_palettes_are_recognised(palette: str, name: str) -> None:
    session = replace(SESSION, palette=palette)
    assert identify_palette(draw_picture(picture(OBJECTS[3], session=session)))[0] == name


def test_chance_depends_on_key_and_name_alone() -> None:
    one, two = Chance("a", 1), Chance("a", 1)
    one.uniform("asked first")
    assert one.uniform("x") == two.uniform("x")
    assert one.uniform("x") != Chance("a", 2).uniform("x")
    assert {one.choice(f"c{i}", "ab", [1, 0]) for i in range(20)} == {"a"}
    assert {one.integer(f"i{i}", 1, 3) for i in range(60)} == {1, 2, 3}
