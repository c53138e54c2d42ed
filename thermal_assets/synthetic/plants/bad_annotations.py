"""Annotations that contradict the name, the folder, the pixels or themselves; the pictures are sound."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import Any

from thermal_assets.synthetic.catalog import BY_NAME, CLASS_SHARES, OBJECTS
from thermal_assets.synthetic.chance import Chance
from thermal_assets.synthetic.files import PlannedFile
from thermal_assets.synthetic.names import ANOMALY, NORMAL
from thermal_assets.synthetic.planning import Plan
from thermal_assets.synthetic.plants.plant import Plant, scaled

NOT_WRITTEN, OTHER_NAME = "not_written", "other_name"
_TABLES = ("annotation_problems",)
_CONTRADICTION, _VALUE, _FILE = "annotation_contradictions", "annotation_values", "annotation_files"

# fault -> (code in annotation_problems, detector, description)
FAULTS: dict[str, tuple[str, str, str]] = {
    "distance": ("distance_differs", _CONTRADICTION, "Annotations whose distance is half or twice that of the name."),
    "category": ("category_contradicts_class", _CONTRADICTION, "Annotations with the category of another object."),
    "date": ("date_differs", _CONTRADICTION, "Annotations dated a week before the day in the name."),
    "outside": ("bbox_outside_frame", _CONTRADICTION, "Boxes that reach beyond the right edge of the frame."),
    "box_size": ("bbox_size_differs", _CONTRADICTION, "Boxes 12 pixels wider than the picture that was cut out."),
    "box_twice": ("same_box_twice", _CONTRADICTION, "Annotations that list one box twice."),
    "frame": ("frame_size_differs", _CONTRADICTION, "Annotations of a frame of 1280 x 960 pixels."),
    "empty": ("empty_field", _VALUE, "Annotations with an empty field."),
    "missing": ("missing_field", _VALUE, "Annotations without the field Wind."),
    "unclear": ("value_not_understood", _VALUE, "Annotations with a word where a number belongs."),
    "humidity": ("outside_range", _VALUE, "Annotations with a humidity of 130 %."),
    "reversed": ("range_reversed", _VALUE, "Annotations whose temperature range ends below its start."),
    "truncated": ("truncated_json", _FILE, "JSON files that break off in the middle; their images have no annotation."),
    "double_key": ("duplicate_key", _FILE, "JSON files that use one key twice."),
    NOT_WRITTEN: ("image_without_annotation", _FILE, "Images without an annotation."),
    OTHER_NAME: ("annotation_without_image", _FILE, "Annotations under a name that no image has."),
}  # fmt: skip


def plant_bad_annotations(plan: Plan, others: Iterable[Plant]) -> list[Plant]:
    """Every kind of fault in a few annotations of images that carry no other fault."""
    touched = {file.path for plant in others for file in plant.files}
    free = [file for file in plan.all_files() if file.path not in touched]
    order = Chance(plan.seed, "bad annotations").generator("order").permutation(len(free))
    chosen = [free[i] for i in order[: len(free) // 2]]
    plants = []
    for fault, (code, detector, description) in FAULTS.items():
        plant = Plant(f"annotations_{code}", description, _TABLES, (detector,))
        for _ in range(min(len(chosen), scaled(plan, 2))):
            plant.files.append(chosen.pop())
        for file in plant.files:
            file.annotation = fault
        plant.left_out = "" if plant.files else "too few images carry no other fault"
        plants.append(plant)
    return plants


def planted_path(file: PlannedFile) -> str:
    """Path of the annotation below the folder of annotations."""
    stem = PurePosixPath(file.name).stem
    return f"{file.class_name}/{stem}{'_old' if file.annotation == OTHER_NAME else ''}.json"


def bytes_of(file: PlannedFile, content: dict[str, Any]) -> bytes:
    """The bytes of an annotation file, with the fault of ``file`` in it."""
    change = _CHANGES.get(file.annotation)
    if change is not None:
        change(content)
    data = json.dumps(content, ensure_ascii=False).encode() + b"\n"
    if file.annotation == "truncated":
        return data[: len(data) // 2]
    if file.annotation == "double_key":
        return data.replace(b'"file_name"', b'"id": 1, "file_name"', 1)
    return data


def expected_problems(plan: Plan) -> dict[str, list[str]]:
    """Code in annotation_problems -> paths of the images that must have it, and no others.

    More than what is planted here: annotations speak of the recording, so a name or a folder that another plant made
    wrong contradicts them too, and a file that cannot be read leaves its image without annotation.
    """
    found: dict[str, set[str]] = {code: set() for code, _, _ in FAULTS.values()}
    found["category_contradicts_name"] = set()
    for file in plan.all_files():
        if file.annotation:
            found[FAULTS[file.annotation][0]].add(file.path)
        if file.annotation == "category":
            found["category_contradicts_name"].add(file.path)
        if file.annotation in ("truncated", OTHER_NAME):
            found["image_without_annotation"].add(file.path)
        elif file.annotation != NOT_WRITTEN:
            for code in _against_name(file):
                found[code].add(file.path)
    return {code: sorted(paths) for code, paths in found.items()}


def _against_name(file: PlannedFile) -> Iterator[str]:
    """Codes for what name and folder say otherwise than the recording."""
    recorded = file.recorded or file.picture
    kind = BY_NAME[recorded.object_name]
    if not file.class_name.startswith(kind.name):
        yield "category_contradicts_class"
    parts = _NAME.fullmatch(PurePosixPath(file.name).stem)
    if parts is None:
        return
    if abs(float(parts["distance"]) - recorded.distance_m) > 1e-9:
        yield "distance_differs"
    if parts["date"] != f"{recorded.session.captured_on:%y.%m.%d}":
        yield "date_differs"
    if (parts["code"], parts["state"]) != (kind.code, ANOMALY if recorded.anomalous else NORMAL):
        yield "category_contradicts_name"


_NAME = re.compile(
    r"(?P<code>[A-Z]+)_(?P<state>[A-Z]+)_(?P<date>[\d.]{8})_\w+_[AP]\d{4}-[AP]\d{4}_D(?P<distance>[\d.]+)_\d+_bbox\d+"
)


def _distance(content: dict[str, Any]) -> None:
    image = content["images"][0]
    image["Inspection_distance"] *= 0.5 if image["Inspection_distance"] > 100 else 2


def _category(content: dict[str, Any]) -> None:
    category = content["categories"][0]
    names = [kind.name for kind in OBJECTS]
    other = names[(names.index(category["supercategory"]) + 1) % len(names)]
    category["name"] = category["name"].replace(category["supercategory"], other)
    category["supercategory"] = other
    assert category["name"] in CLASS_SHARES


def _date(content: dict[str, Any]) -> None:
    image = content["images"][0]
    earlier = datetime.fromisoformat(image["date_captured"]) - timedelta(days=7)
    image["date_captured"] = f"{earlier:%Y-%m-%d %H:%M:%S}"


def _outside(content: dict[str, Any]) -> None:
    box = content["annotations"][0]["bbox"]
    box[0] = 640 - box[2] // 2


def _box_size(content: dict[str, Any]) -> None:
    box = content["annotations"][0]["bbox"]
    box[0], box[2] = max(0, box[0] - 12), box[2] + 12


def _box_twice(content: dict[str, Any]) -> None:
    content["annotations"].append({**content["annotations"][0], "id": 2})


def _image(key: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(content: dict[str, Any]) -> None:
        content["images"][0][key] = value

    return change


def _reversed(content: dict[str, Any]) -> None:
    image = content["images"][0]
    low, high = image["Inspection_temperature_range"].split("~")
    image["Inspection_temperature_range"] = f"{high}~{low}"


def _missing(content: dict[str, Any]) -> None:
    del content["images"][0]["Wind"]


def _other_name(content: dict[str, Any]) -> None:
    image = content["images"][0]
    image["file_name"] = PurePosixPath(image["file_name"]).stem + "_old.png"


_CHANGES: dict[str, Callable[[dict[str, Any]], None]] = {
    "distance": _distance,
    "category": _category,
    "date": _date,
    "outside": _outside,
    "box_size": _box_size,
    "box_twice": _box_twice,
    "frame": _image("resolution", "1280x960"),
    "empty": _image("Inspection_temperature_range", ""),
    "missing": _missing,
    "unclear": _image("Environment_temperature", "cold"),
    "humidity": _image("Humidity", 130),
    "reversed": _reversed,
    OTHER_NAME: _other_name,
}
