"""Accepted findings stay visible, sink to the end, and come back when their day is over."""

from __future__ import annotations

from datetime import date

import pytest
from pydantic import ValidationError

from thermal_assets.findings.engine import detect
from thermal_assets.findings.thresholds import Thresholds
from thermal_assets.findings.waivers import Waiver, unused_waivers
from thermal_assets_tests.findings.fixtures import clean
from thermal_assets_tests.findings.plants import PLANTS, lose


def waiver(finding_id: str, until: str = "2026-12-31") -> Waiver:
    return Waiver(finding_id=finding_id, reason="known since spring", by="Kim", until=date.fromisoformat(until))


def judged(waivers: list[Waiver], today: str = "2026-11-21") -> list[dict[str, object]]:
    w = clean()
    PLANTS["unreadable_files"](w)
    PLANTS["constant_alpha"](w)
    return detect(w.connect(), Thresholds(), waivers, date.fromisoformat(today)).rows(named=True)


def test_waived_finding_sinks_and_says_who() -> None:
    first, last = judged([waiver("unreadable_files:*")])
    assert (first["detector"], first["status"]) == ("constant_alpha", "open")
    assert (last["detector"], last["status"], last["severity"]) == ("unreadable_files", "waived", "HIGH")
    assert last["waiver"] == "accepted by Kim until 2026-12-31: known since spring"


def test_waiver_holds_on_its_last_day_and_not_after() -> None:
    assert [row["status"] for row in judged([waiver("unreadable*")], "2026-12-31")] == ["open", "waived"]
    expired = judged([waiver("unreadable*")], "2027-01-01")[0]
    assert expired["status"] == "open"
    assert expired["waiver"] == "expired on 2026-12-31; it was accepted by Kim: known since spring"
    assert str(expired["statement"]).endswith("The waiver by Kim ended on 2026-12-31.")


def test_longest_waiver_counts() -> None:
    rows = judged([waiver("unreadable*", "2026-01-01"), waiver("unreadable_files:pipe_normal")])
    assert rows[-1]["status"] == "waived"


def test_waiver_of_the_data_set_holds_whichever_classes_are_hit_and_spares_the_class_that_is_lost() -> None:
    for classes in (("pipe_normal",), ("valve_anomaly", "valve_normal")):
        w = clean()
        lose(w, "pipe_anomaly", 8)
        for name in classes:
            lose(w, name, 1)
        frame = detect(w.connect(), Thresholds(), [waiver("unreadable_files:dataset")], date(2026, 11, 21))
        assert dict(zip(frame["finding_id"], frame["status"], strict=True)) == {
            "unreadable_files:pipe_anomaly": "open",
            "unreadable_files:dataset": "waived",
        }


def test_exact_id_with_brackets_matches() -> None:
    assert waiver("blank_images:a [1]").matches("blank_images:a [1]")
    assert not waiver("blank_images:b").matches("blank_images:a")


def test_waivers_for_nothing_are_named() -> None:
    gone = waiver("channel_mix:*")
    assert unused_waivers(["blank_images:a"], [gone, waiver("blank_*")]) == [gone]


@pytest.mark.parametrize("missing", ["reason", "by", "until", "finding_id"])
def test_waiver_needs_everything(missing: str) -> None:
    values = {"finding_id": "a:b", "reason": "r", "by": "b", "until": "2026-12-31"}
    del values[missing]
    with pytest.raises(ValidationError, match=missing):
        Waiver.model_validate(values)


def test_unknown_fields_are_refused() -> None:
    with pytest.raises(ValidationError, match="seperability"):
        Thresholds.model_validate({"seperability": 0.7})
