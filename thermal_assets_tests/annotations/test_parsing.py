"""Reading annotation files: every way values are written, and every way a file can be broken."""

from __future__ import annotations

import json
from typing import Any

import pytest

from thermal_assets.annotations import json_blocks, values
from thermal_assets.annotations.parsing import ROW_COLUMNS, ParsedFile, parse_annotations


def aihub(**image: Any) -> dict[str, Any]:
    return {
        "licenses": [{"id": 1, "name": "AI Hub"}],
        "info": {"description": "배관"},
        "categories": [{"id": 1, "name": "transport_pipe_normal", "supercategory": "transport_pipe"}],
        "images": [{"id": 1, "file_name": "a.png", **image}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [10, 20, 100, 50]}],
    }


MEASURED = {
    "resolution": "640x480",
    "Environment_temperature": 12.3,
    "humidity": "45 %",
    "wind": 2.1,
    "Inspection_temperature_range": "-20~120",
    "Inspection_distance": 100,
}


def rows(parsed: ParsedFile) -> list[dict[str, Any]]:
    return [dict(zip(ROW_COLUMNS, row, strict=True)) for row in parsed.rows]


def codes(parsed: ParsedFile) -> list[tuple[str, str]]:
    return [(code, field) for _, _, code, field, _, _ in parsed.problems]


@pytest.mark.parametrize(
    ("key", "value", "column", "expected"),
    [
        ("Inspection_temperature_range", "-20 ~ 120 C", "inspection_temperature_low_c", -20.0),
        ("inspectionTemperatureRange", [-20, 120], "inspection_temperature_high_c", 120.0),
        ("INSPECTION TEMPERATURE RANGE", "-20.5-30.25", "inspection_temperature_high_c", 30.25),
        ("Inspection_temperature_range", "-20℃～-5℃", "inspection_temperature_high_c", -5.0),
        ("Inspection_temperature_range", {"min": "253.15 K", "max": "393.15K"}, "inspection_temperature_low_c", -20.0),
        ("Inspection_distance", 100, "inspection_distance_m", 1.0),
        ("inspection_distance", "1m", "inspection_distance_m", 1.0),
        ("InspectionDistance", "50 cm", "inspection_distance_m", 0.5),
        ("Environment_temperature", "70 F", "environment_temperature_c", 21.1111),
        ("Wind", "9 km/h", "wind_m_s", 2.5),
        ("Resolution", "640 * 480", "frame_height", 480),
    ],
)
def test_values_are_read_however_they_are_written(key: str, value: Any, column: str, expected: float) -> None:
    parsed = parse_annotations(json.dumps(aihub(**{key: value})).encode())
    assert parsed.problems == []
    assert rows(parsed)[0][column] == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(
    ("value", "box"),
    [
        ([1, "2", 3.5, 4], (1, 2, 3.5, 4)),
        ([[1, 2], [11, 22]], (1, 2, 10, 20)),
        ({"x": 1, "y": 2, "width": 3, "height": 4}, (1, 2, 3, 4)),
        ({"xmin": 1, "ymin": 2, "xmax": 4, "ymax": 6}, (1, 2, 3, 4)),
    ],
)
def test_boxes_are_read_in_four_forms(value: Any, box: tuple[float, ...]) -> None:
    assert values.box_px(value) == box


@pytest.mark.parametrize(
    ("image", "problem"),
    [
        ({"Inspection_temperature_range": "about 30"}, ("value_not_understood", "Inspection_temperature_range")),
        ({"Inspection_distance": "3 apples"}, ("value_not_understood", "Inspection_distance")),
        ({"humidity": ["a"]}, ("value_not_understood", "Humidity")),
        ({"wind": True}, ("value_not_understood", "Wind")),
        ({"Inspection_distance": 1e400}, ("value_not_understood", "Inspection_distance")),
        ({"Environment_temperature": "  "}, ("empty_field", "Environment_temperature")),
        ({"Environment_temperature": float("nan")}, ("empty_field", "Environment_temperature")),
    ],
)
def test_what_is_not_understood_is_told_and_the_rest_is_kept(image: dict[str, Any], problem: tuple[str, str]) -> None:
    parsed = parse_annotations(json.dumps(aihub(**{**MEASURED, **image})).encode())
    assert codes(parsed) == [problem]
    assert rows(parsed)[0]["bbox_width"] == 100.0
    assert rows(parsed)[0]["category"] == "transport_pipe_normal"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp949"])
def test_encodings(encoding: str) -> None:
    content = aihub(**MEASURED)
    content["categories"][0]["name"] = "배관 정상"
    parsed = parse_annotations(json.dumps(content, ensure_ascii=False).encode(encoding))
    assert rows(parsed)[0]["category"] == "배관 정상"
    assert codes(parsed) == ([("not_utf8", "")] if encoding == "cp949" else [])


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty_file"),
        (b"\0\0\0", "empty_file"),
        (b"\xff\xfe\xff", "wrong_encoding"),
        (b"\x80\xff\xfe plain", "wrong_encoding"),
        (json.dumps(aihub()).encode()[:200], "truncated_json"),
        (b'{"images": [1, 2', "truncated_json"),
        (b'{"images": [1 2]}', "not_json"),
        (b'{"images": []} and more', "not_json"),
        (b'{"a":' * 100_000, "not_json"),
        (b'{"images": [{"id": ' + b"9" * 5000 + b"}]}", "not_json"),
        (b"[]", "no_annotations"),
        (b'"text"', "no_annotations"),
        (b'{"version": 3}', "no_annotations"),
    ],
)
@pytest.mark.parametrize("small", [True, False], ids=["at once", "element by element"])
def test_broken_files_are_one_problem(data: bytes, code: str, small: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_blocks, "_SMALL", 1 << 20 if small else 0)
    parsed = parse_annotations(data)
    assert [told for told, _ in codes(parsed)] == [code]
    assert parsed.rows == []


def test_hostile_text_cannot_spoil_a_row() -> None:
    content = aihub()
    content["images"][0]["file_name"] = "a\ud800\n\0.png"
    content["categories"][0]["name"] = "x" * 10_000
    row = rows(parse_annotations(json.dumps(content).encode()))[0]
    assert row["image_ref"].isprintable()
    row["image_ref"].encode()
    assert len(row["category"]) == 500


def test_a_key_used_twice_is_told() -> None:
    data = json.dumps(aihub(**MEASURED)).encode().replace(b'"file_name"', b'"id": 1, "file_name"')
    assert codes(parse_annotations(data)) == [("duplicate_key", "id")]


def coco(images: int, boxes: int) -> dict[str, Any]:
    return {
        "annotations": [  # before the images and categories they name
            {"id": i, "image_id": i // boxes, "category_id": 7, "bbox": [i, 1, 5, 5], "segmentation": [[0.5] * 8]}
            for i in range(images * boxes)
        ],
        "images": [{"id": i, "file_name": f"C/{i}.png", "width": 64, "height": 48, "license": 0, "date_captured": ""}
                   for i in range(images + 1)],
        "categories": [{"id": 7, "name": "Car"}],
    }  # fmt: skip


def test_coco_gives_the_same_rows_at_once_and_element_by_element(monkeypatch: pytest.MonkeyPatch) -> None:
    data = json.dumps(coco(20, 3)).encode()
    parsed = parse_annotations(data)
    monkeypatch.setattr(json_blocks, "_SMALL", 0)
    assert parse_annotations(data) == parsed
    assert (parsed.format, parsed.images, parsed.problems) == ("coco", 21, [])
    found = rows(parsed)
    assert len(found) == 61
    assert found[4] | {"image_number": 1} == found[4]
    assert [row["object_number"] for row in found[:4]] == [1, 2, 3, 1]
    assert found[-1]["image_ref"] == "C/20.png"
    assert found[-1]["object_number"] == 0
    assert {row["category"] for row in found[:-1]} == {"Car"}


def test_references_that_lead_nowhere_are_told() -> None:
    content = coco(2, 1)
    content["annotations"][0]["image_id"] = 99
    content["annotations"][1]["category_id"] = 8
    parsed = parse_annotations(json.dumps(content).encode())
    assert codes(parsed) == [("unknown_image", "image_id"), ("value_not_understood", "category")]
