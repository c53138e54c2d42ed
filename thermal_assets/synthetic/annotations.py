"""The annotation of a picture: one JSON file with the blocks of AI Hub, as its recording session knew it."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

from thermal_assets.synthetic.catalog import BY_NAME, class_name
from thermal_assets.synthetic.chance import Chance
from thermal_assets.synthetic.files import PlannedFile
from thermal_assets.synthetic.picture import Picture, exposed
from thermal_assets.synthetic.plants.bad_annotations import NOT_WRITTEN, bytes_of, planted_path

FOLDER = "annotations"
FRAME_WIDTH, FRAME_HEIGHT = 640, 480


def write_annotation(file: PlannedFile, root: Path) -> None:
    """Write the annotation of ``file`` below ``root``, in the folder of its class."""
    if file.annotation == NOT_WRITTEN:
        return
    (root / planted_path(file)).write_bytes(bytes_of(file, annotation_of(file)))


def annotation_of(file: PlannedFile) -> dict[str, Any]:
    """The true annotation: box and temperature range of the pixels, all else of the recording.

    Inspection_temperature_range are the temperatures at the two ends of the palette, in degrees Celsius;
    Inspection_distance is in centimetres; the box has the size of the crop, somewhere in its frame.
    """
    recorded = file.recorded or file.picture
    kind, session = BY_NAME[recorded.object_name], recorded.session
    exposure = exposed(file.picture)
    height, width = exposure.levels.shape
    chance = Chance(recorded.seed, "annotation", session.key, f"{recorded.distance_m:g}", recorded.frame, recorded.box)
    air = Chance(recorded.seed, "air", session.key)
    box = [chance.integer("x", 0, FRAME_WIDTH - width), chance.integer("y", 0, FRAME_HEIGHT - height), width, height]
    return {
        "licenses": [{"id": 1, "name": "sample data, free to use", "url": ""}],
        "info": {"description": "Thermal Assets sample data", "version": "1.0", "year": session.captured_on.year},
        "categories": [{"id": 1, "name": class_name(kind, recorded.anomalous), "supercategory": kind.name}],
        "images": [
            {
                "id": 1,
                "file_name": file.name,
                "resolution": f"{FRAME_WIDTH}x{FRAME_HEIGHT}",
                "date_captured": f"{_moment(recorded):%Y-%m-%d %H:%M:%S}",
                "Environment_temperature": round(session.ambient, 1),
                "Humidity": air.integer("humidity", 25, 90),
                "Wind": round(air.uniform("wind", 0, 9), 1),
                "Inspection_temperature_range": f"{exposure.low_c:.2f}~{exposure.high_c:.2f}",
                "Inspection_distance": round(recorded.distance_m * 100),
            }
        ],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": box, "area": width * height, "iscrowd": 0}],
    }


def _moment(picture: Picture) -> datetime:
    session = picture.session
    share = Chance(picture.seed, "clock", session.key, picture.frame).uniform("second")
    seconds = session.start * 60 + share * max(1, session.end - session.start) * 60
    return datetime.combine(session.captured_on, time()) + timedelta(seconds=int(seconds))
