"""What lies far out: single images, near frames of one object, whole sessions."""

from __future__ import annotations

from thermal_assets_tests.findings.fixtures import SESSIONS, clean, found, set_all
from thermal_assets_tests.findings.plants import PLANTS
from thermal_assets_tests.findings.plants_l3 import gathered_outliers


def test_outliers_that_gather_in_a_sound_session_are_no_finding() -> None:
    w = clean()
    gathered_outliers(w)
    assert found(w.connect()).height == 0


def test_near_frames_of_one_odd_object_do_not_vouch_for_each_other() -> None:
    w = clean()
    PLANTS["outliers_shared"](w)
    connection = w.connect()
    (row,) = found(connection).iter_rows(named=True)
    shown = connection.sql(row["evidence_sql"]).pl()
    assert sorted(int(image[-8:-4]) for image in shown["image_id"]) == [4, 13, 23]
    assert shown["times_farther"].min() > 2
    assert "in other sessions" in row["statement"]


def test_an_image_without_a_density_across_sessions_is_compared_with_others_like_it() -> None:
    """Of a class half without one: plain densities are twice as high, which makes nobody an outlier."""
    w = clean()
    PLANTS["outliers_shared"](w)
    for row in w.of("class_densities", w.names[0]):
        if row["image_key"] % 2 == 0 or row["image_key"] in (13, 23):
            row.update(
                density=2 * row["density"], density_xs=None, density_xs_basis="too few among approximate neighbours"
            )
    connection = w.connect()
    (row,) = found(connection).iter_rows(named=True)
    assert connection.sql(row["evidence_sql"]).pl()["image_id"].to_list() == ["pipe_normal/PIP_0004.png"]
    assert "in other sessions" not in row["statement"]


def test_clump_names_the_session_not_the_distance_it_lies_in_and_lists_it_whole() -> None:
    w = clean()
    PLANTS["session_clump"](w)
    connection = w.connect()
    (row,) = found(connection).iter_rows(named=True)
    assert row["finding_id"] == "session_clump:pipe_normal:session:2020-11-03|CIC|A0900-A1110"
    assert connection.sql(row["evidence_sql"]).pl()["rank"].to_list() == list(range(1, 17))
    assert row["affected_images"] == 16


def test_images_without_a_session_do_not_push_a_session_aside() -> None:
    """Thirty images are judged by another basis; twelve of these lie farther out than the session does in its own."""
    w = clean()
    PLANTS["session_clump"](w)
    others = [row["image_key"] for row in w.of("file_manifest", w.names[0]) if row["image_key"] % SESSIONS > 5][:30]
    for row in w.of("class_densities", w.names[0], level="L2"):
        if row["image_key"] in others:
            row["density_xs_basis"] = "near copies removed"
            row["density_xs"] /= 3 if others.index(row["image_key"]) < 12 else 1
    assert "session_clump:pipe_normal:session:2020-11-03|CIC|A0900-A1110" in found(w.connect())["finding_id"].to_list()


def sessions_far_out(*sizes: int, density: float = 0.5, ordinary: int = 0) -> list[str]:
    """Ids told where sessions of ``sizes`` images lie far out, and ``ordinary`` images of the first one do not."""
    w = clean()
    rows = w.of("file_manifest", w.names[0])
    for row in rows:
        row["distance_token"] = None
    far, start = set(), 0
    for number, size in enumerate(sizes):
        mine = rows[start : start + size]
        set_all(mine, session_id=f"far {number}")
        far |= {row["image_key"] for row in mine[ordinary if number == 0 else 0 :]}
        start += size
    for row in w.of("class_densities", w.names[0], level="L2"):
        if row["image_key"] in far:
            row["density"], row["density_xs"] = row["density"] * density, row["density_xs"] * density
    return [f for f in found(w.connect())["finding_id"].to_list() if f.startswith("session_clump")]


def test_clump_needs_ten_images_half_of_what_lies_far_out_and_no_large_session() -> None:
    assert sessions_far_out(10) == ["session_clump:pipe_normal:session:far 0"]
    assert sessions_far_out(9) == []
    assert sessions_far_out(30) == []  # of 80: what lies far out is 2.7 times its share
    assert sessions_far_out(20, ordinary=11) == []  # nine of the twenty, and its typical image is an ordinary one
    assert sessions_far_out(10, density=0.8) == []
    assert sessions_far_out(10, 16) == ["session_clump:pipe_normal:session:far 1"]  # the one with more images
