"""Every detector tells its own plant, keeps quiet otherwise, and shows evidence that runs."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from thermal_assets.findings.detectors import DETECTORS
from thermal_assets.warehouse.access import empty_frame
from thermal_assets_tests.findings.fixtures import HOSTILE, LENSES, PLAIN, SmallWarehouse, clean, found, set_all
from thermal_assets_tests.findings.plants import PLANTS


def test_every_detector_has_a_plant() -> None:
    assert set(PLANTS) == set(DETECTORS)


@pytest.mark.parametrize("names", [PLAIN, HOSTILE], ids=["plain", "hostile"])
def test_clean_data_is_quiet(names: tuple[str, ...]) -> None:
    frame = found(clean(names).connect())
    assert frame.height == 0
    assert frame.schema == empty_frame("findings").schema


@pytest.mark.parametrize("detector", list(PLANTS))
def test_plant_is_told_alone_and_with_evidence(detector: str) -> None:
    w = clean(HOSTILE)
    PLANTS[detector](w)
    connection = w.connect()
    frame = found(connection)
    assert frame["detector"].unique().to_list() == [detector]
    assert frame["finding_id"].is_unique().all()
    known = {row[0] for row in connection.execute("SELECT image_id FROM image_problems").fetchall()}
    known |= {row[0] for row in connection.execute("SELECT image_id FROM channel_stats").fetchall()}
    for row in frame.iter_rows(named=True):
        assert connection.sql(row["evidence_sql"]).pl().height > 0, row["finding_id"]
        assert row["affected_images"] > 0
        assert len(row["example_ids"]) <= 12
        assert set(row["example_ids"]) <= known
        assert row["statement"].endswith(".")
        assert "None" not in row["statement"]
        assert "nan" not in row["statement"]


def severities(w_plant: str) -> dict[str, str]:
    w = clean()
    PLANTS[w_plant](w)
    frame = found(w.connect())
    return dict(zip(frame["finding_id"], frame["severity"], strict=True))


def test_contamination_is_high_only_if_name_and_picture_agree() -> None:
    assert severities("label_contamination") == {
        "label_contamination:both:pipe_normal|valve_normal": "HIGH",
        "label_contamination:code:pipe_normal|valve_normal": "MEDIUM",
        "label_contamination:picture:pipe_normal|valve_normal": "MEDIUM",
    }


def test_contamination_has_an_interval_where_the_siblings_are_enough_for_one() -> None:
    def interval(images: int) -> tuple[float, float, float]:
        w = clean()
        PLANTS["label_contamination"](w)
        set_all(w.of("batch_drift", w.names[0]), image_count=images)
        frame = found(w.connect()).filter(pl.col("finding_id").str.contains(":both:"))
        row: tuple[float, float, float] = frame.select("ci_low", "effect_size", "ci_high").row(0)
        return row

    low, effect, high = interval(40)
    spread = 0.86 / 9  # of the siblings, as effect and robust_z have it
    assert effect == pytest.approx(0.86)
    assert 1.96 * spread < effect - low < 3 * spread  # few siblings: wider than a known normal spread gives
    assert high == 1  # a share
    assert interval(19)[0] is None  # batches too small to be compared


def test_an_effect_of_distance_that_one_session_makes_is_told_as_such() -> None:
    told = {}
    for low in (None, 0.1, 0.0):
        w = clean()
        PLANTS["distance_effect"](w)
        set_all(w.of("distance_drift", w.names[0]), eta_ci_low=low, eta_ci_high=None if low is None else 0.8)
        (told[low],) = found(w.connect())["statement"].to_list()
    assert ["one session" in statement for statement in told.values()] == [False, False, True]


def test_months_are_named_only_where_a_class_changes_at_all_and_one_stretch_explains_a_change() -> None:
    w = clean()
    common = {"level": "L3", "image_count": 40, "sessions": 5, "sessions_others": 7, "auc": 0.9, "energy_distance": 0.2}
    common |= {"attainable_p": 1e-4, "typical_ids": [], "lens_id": LENSES["L3"]}
    stretches = (("from", "from 2020-12-03 on", 1e-4), ("period", "2020-11-02 to 2020-12-01", 1e-4))
    for kind, value, p in (*stretches, ("month", "2020-12", 0.01)):
        w.add("domain_drift", class_name=w.names[0], kind=kind, value=value, p_value=p, q_value=3 * p, **common)
    for kind, value, p in (("from", "from 2020-12-03 on", 0.3), ("month", "2020-12", 0.01)):
        w.add("domain_drift", class_name=w.names[1], kind=kind, value=value, p_value=p, q_value=3 * p, **common)
    (row,) = found(w.connect()).iter_rows(named=True)
    assert row["class_name"] == w.names[0]
    assert "2 periods differ from the others: 2020-12 and from 2020-12-03 on." in row["statement"]
    assert "shot on" not in row["statement"]


def test_months_of_a_class_of_few_days_are_told_with_how_few() -> None:
    w = clean()
    for row in w.of("file_manifest", w.names[0]):
        row["captured_on"] = date(2020, 11, 9) if row["captured_on"].month == 11 else date(2020, 12, 9)
    for month in ("2020-11", "2020-12"):
        w.add("domain_drift", class_name=w.names[0], level="L3", kind="month", value=month, image_count=40, sessions=5,
              sessions_others=5, auc=0.9, energy_distance=0.2, p_value=0.004, attainable_p=0.004, q_value=0.01,
              typical_ids=[], lens_id=LENSES["L3"])  # fmt: skip
    (found_here,) = found(w.connect()).iter_rows(named=True)
    assert found_here["finding_id"] == "time_drift:pipe_normal"
    assert "shot on 2 days, too few to tell a change over time from what single days do" in found_here["statement"]


def test_two_distances_of_too_few_sessions_for_an_interval_are_low_and_say_so() -> None:
    w = clean()
    PLANTS["two_normals"](w)
    (sure,) = found(w.connect()).iter_rows(named=True)
    assert (sure["severity"], "too few" in sure["statement"]) == ("MEDIUM", False)
    w.of("distance_groups", "pipe_normal")[0].update(ci_low=None)
    (unsure,) = found(w.connect()).iter_rows(named=True)
    assert (unsure["severity"], unsure["finding_id"]) == ("LOW", sure["finding_id"])
    assert "too few to rule out chance" in unsure["statement"]


def test_separation_that_may_be_good_enough_is_low() -> None:
    w = clean()
    for row in w.of("separation", normal_class="pipe_normal"):
        row.update(separability_auc=0.7, ci_low=0.6, ci_high=0.8)
    assert found(w.connect())["severity"].to_list() == ["LOW"]


def supervised(w: SmallWarehouse, auc: float) -> None:
    w.add("supervised_separation", normal_class="pipe_normal", anomaly_class="pipe_anomaly", matched=True, m=40,
          separability_auc=auc, n_normal=80, n_anomaly=80, lens_id=LENSES["L2"])  # fmt: skip


@pytest.mark.parametrize(
    ("auc", "severity", "words"), [(0.93, "LOW", "They are told apart by"), (0.6, "MEDIUM", "Nor")]
)
def test_a_fault_that_a_trained_lens_tells_is_not_called_invisible(auc: float, severity: str, words: str) -> None:
    w = clean()
    PLANTS["weak_separation"](w)
    supervised(w, auc)
    connection = w.connect()
    (row,) = found(connection).iter_rows(named=True)
    assert "trained on the labels" in connection.sql(row["evidence_sql"]).pl()["lens"].to_list()
    assert row["severity"] == severity
    assert f"{words} " in row["statement"]
    assert f"(AUC {auc:.2f})" in row["statement"]


def test_separation_against_a_handful_of_references_is_not_judged() -> None:
    w = clean()
    PLANTS["weak_separation"](w)
    set_all(w.of("separation", normal_class="pipe_normal"), m=1)
    assert found(w.connect()).height == 0


@pytest.mark.parametrize(("images", "told"), [(60, True), (54, False)])
def test_distances_that_hold_a_small_part_of_a_class_do_not_speak_for_it(images: int, told: bool) -> None:
    """Of 110 images, all of which lie apart, those at common distances do not: half of the class, or less."""
    w = clean()
    set_all(w.of("separation", normal_class="pipe_normal", matched=False), n_anomaly=110)
    weak = {"separability_auc": 0.6, "ci_low": 0.52, "ci_high": 0.68, "n_anomaly": images}
    set_all(w.of("separation", normal_class="pipe_normal", matched=True), **weak)
    assert found(w.connect()).height == told


def test_too_few_sessions_claim_nothing() -> None:
    w = clean()
    PLANTS["distance_effect"](w)
    for row in w.of("distance_drift", "pipe_normal"):
        row.update(p_value=0.1, attainable_p=0.1)
    assert found(w.connect()).height == 0


def test_thresholds_decide_without_new_measurements() -> None:
    w = clean()
    PLANTS["weak_separation"](w)
    assert found(w.connect(), separability_auc=0.55).height == 0


def test_names_with_apostrophes_survive_in_evidence_of_every_finding() -> None:
    w = clean(HOSTILE)
    PLANTS["label_contamination"](w)
    connection = w.connect()
    for row in found(connection).iter_rows(named=True):
        shown = connection.execute(row["evidence_sql"]).fetchall()
        assert len(shown) == row["affected_images"]


def test_evidence_of_contamination_lists_every_file_and_agrees_with_the_report() -> None:
    w = clean()
    PLANTS["label_contamination"](w)
    told = w.of("batch_drift", w.names[0])[1]
    told.update(nearest_class=w.names[3])  # its pictures lie near a third class, which does not contradict
    connection = w.connect()
    (row,) = found(connection).filter(finding_id="label_contamination:code:pipe_normal|valve_normal").to_dicts()
    shown = connection.sql(row["evidence_sql"]).pl()
    files = [item["image_id"] for item in w.of("file_manifest", w.names[0], batch_id=told["batch_id"])]
    assert shown["image_id"].to_list() == sorted(files)
    assert len(files) == row["affected_images"] == 8
    said = shown.select("class_name", "batch_id", "code_in_name", "name_says", "looks_like", "effect").unique().rows()
    assert said == [(w.names[0], told["batch_id"], "PIP", w.names[2], w.names[3], 0.0)]
    looks_like = "SELECT looks_like FROM label_drift WHERE batch_id = ?"
    assert connection.execute(looks_like, [told["batch_id"]]).fetchall() == [(w.names[2],)]


def test_batches_are_judged_by_the_thresholds_of_the_profile() -> None:
    w = clean()
    PLANTS["label_contamination"](w)
    kinds = {
        row["finding_id"].split(":")[1] for row in found(w.connect()).filter(detector="label_contamination").to_dicts()
    }
    assert kinds == {"both", "code", "picture"}
    strict = found(w.connect(), batch_effect=0.95).filter(detector="label_contamination")
    assert {row["finding_id"].split(":")[1] for row in strict.to_dicts()} == {"code"}


def test_a_side_of_several_distances_is_no_proof_of_two_kinds() -> None:
    w = clean()
    row = {"class_name": w.names[0], "level": "L3", "images_nearer": 40, "images_farther": 40, "sessions_nearer": 9,
           "sessions_farther": 9, "n": 40, "identifiable": True, "lens_id": LENSES["L3"]}  # fmt: skip
    w.add("distance_groups", **row, nearer_from_m=1.0, nearer_to_m=1.0, farther_from_m=2.0, farther_to_m=3.0, auc=0.97,
          ci_low=0.9)  # fmt: skip
    w.add("distance_groups", **row, nearer_from_m=1.0, nearer_to_m=2.0, farther_from_m=3.0, farther_to_m=3.0, auc=0.6,
          ci_low=0.5)  # fmt: skip
    (told,) = found(w.connect()).filter(detector="two_normals").to_dicts()
    assert told["severity"] == "LOW"
    assert "step by step" in told["statement"]
