"""One annotation file, AI Hub or COCO, as flat rows: one per annotated object, one for an image without any."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from thermal_assets.annotations import values
from thermal_assets.annotations.fields import (
    FIELDS,
    MEASUREMENT,
    Problem,
    measurement_fields,
    plain_key,
    read_fields,
    shown,
    text_of,
    value_of,
)
from thermal_assets.annotations.json_blocks import AnnotationFileError, Blocks, decode_text

AIHUB, COCO = "aihub", "coco"
CONDITIONS = tuple(column for item in FIELDS for column in item.columns)
ROW_COLUMNS = (
    "image_number", "image_ref", "object_number", "category", "supercategory",
    "bbox_x", "bbox_y", "bbox_width", "bbox_height", *CONDITIONS, "licence",
)  # fmt: skip
PROBLEM_COLUMNS = ("image_number", "object_number", "code", "field", "message", "found")
_BLOCKS = {"images": "images", "image": "images", "annotations": "annotations", "annotation": "annotations",
           "categories": "categories", "category": "categories", "licenses": "licenses", "licences": "licenses",
           "license": "licenses", "info": "info"}  # fmt: skip
_NO_BOX = (None, None, None, None)


@dataclass
class ParsedFile:
    """What one file says.

    ``rows`` have ``ROW_COLUMNS``, ``problems`` have ``PROBLEM_COLUMNS``; image_number counts the images of the
    file from 0 (-1: the file as a whole), object_number its objects from 1 (0: the image as a whole). ``format``
    is '' where nothing could be read; then one problem says why.
    """

    format: str = ""
    images: int = 0
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    problems: list[tuple[int, int, str, str, str, str]] = field(default_factory=list)


def parse_annotations(data: bytes) -> ParsedFile:
    """Read the bytes of one file. Never raises for what is in them: see ``ParsedFile.problems``."""
    parsed = ParsedFile()
    try:
        text, encoding = decode_text(data)
        _Reader(parsed).read(Blocks(text))
    except AnnotationFileError as error:
        return ParsedFile(problems=[(-1, 0, error.code, "", str(error), "")])
    if encoding == "cp949":
        parsed.problems.append((-1, 0, "not_utf8", "", "the text is CP949; JSON is UTF-8: save it as UTF-8", ""))
    return parsed


@dataclass(slots=True)
class _Image:
    number: int
    ref: str | None
    found: dict[str, Any]
    problems: dict[str, Problem]
    licence: Any
    objects: int = 0


class _Reader:
    """Collects the blocks of a file, in whatever order they come, then joins them."""

    def __init__(self, parsed: ParsedFile) -> None:
        self.parsed = parsed
        self.images: dict[Any, _Image] = {}
        self.objects: list[tuple[Any, ...]] = []
        self.categories: dict[Any, tuple[str | None, str | None]] = {}
        self.licences: dict[Any, str | None] = {}
        self.outer: dict[str, Any] = {}
        self.outer_problems: dict[str, Problem] = {}
        self.measured = False

    def read(self, blocks: Blocks) -> None:
        top: dict[str, Any] = {}
        for key, element in blocks:
            block = _BLOCKS.get(plain_key(key))
            if block is None:
                top[key] = element
            elif isinstance(element, dict):
                getattr(self, f"_{block}")(element)
        seen = {_BLOCKS.get(plain_key(key)) for key in blocks.seen}
        if not seen & {"images", "annotations"} and not any(measurement_fields(top)):
            raise AnnotationFileError("no_annotations", "no block images or annotations: this is no annotation file")
        self._info(top)
        if not self.images:
            self.images[None] = _Image(0, None, {}, {}, None)
        self.parsed.images = len(self.images)
        one = len(self.images) == 1
        self.parsed.format = AIHUB if self.measured and one else COCO
        for name in sorted(blocks.duplicates):
            told = f"the key {shown(name)} is used twice in one object: one of its values is lost"
            self.parsed.problems.append((-1, 0, "duplicate_key", shown(name), told, ""))
        self._rows(one)
        self._image_problems(one)

    def _info(self, block: dict[str, Any]) -> None:
        self.measured = self.measured or any(measurement_fields(block))
        read_fields(block, self.outer, self.outer_problems)

    def _licenses(self, block: dict[str, Any]) -> None:
        self.licences[_key(value_of(block, "id"))] = text_of(value_of(block, "name", "title", "url"))

    def _categories(self, block: dict[str, Any]) -> None:
        name, group = text_of(value_of(block, "name", "category")), text_of(value_of(block, "supercategory"))
        self.categories[_key(value_of(block, "id"))] = (name, group)

    def _images(self, block: dict[str, Any]) -> None:
        found: dict[str, Any] = {}
        problems: dict[str, Problem] = {}
        self.measured = self.measured or any(measurement_fields(block))
        read_fields(block, found, problems)
        if "frame_width" not in found and "resolution" not in problems:
            read_fields({"resolution": _size(block)} if _size(block) else {}, found, problems)
        key = _key(value_of(block, "id", "image_id"))
        if key in self.images:
            key = ("again", len(self.images))
        ref = text_of(value_of(block, "file_name", "filename", "name", "image"))
        self.images[key] = _Image(len(self.images), ref, found, problems, _key(value_of(block, "license", "licence")))

    def _annotations(self, block: dict[str, Any]) -> None:
        self.measured = self.measured or any(measurement_fields(block))
        number = len(self.objects) + 1
        box: tuple[Any, ...] = _NO_BOX
        told: list[Problem] = []
        value = value_of(block, "bbox", "bounding_box", "box")
        if values.is_empty(value):
            told.append(("empty_field", "bbox", "bbox is empty", ""))
        else:
            try:
                box = values.box_px(value)
            except (ValueError, OverflowError):
                expected = "bbox should be [x, y, width, height] in pixels"
                told.append(("value_not_understood", "bbox", expected, shown(value)))
        found: dict[str, Any] = {}
        problems: dict[str, Problem] = {}
        read_fields(block, found, problems)
        category = value_of(block, "category_id", "category", "class", "label")
        key = _key(value_of(block, "image_id"))
        self.objects.append((number, key, category, box, found or None, [*told, *problems.values()] or None))

    def _rows(self, one: bool) -> None:
        only = next(iter(self.images.values())) if one else None
        for number, key, category, box, found, told in self.objects:
            image = self.images.get(key) or (only if key is None or None in self.images else None)
            if image is None:
                message = "the object names an image that the file does not list"
                self.parsed.problems.append((-1, number, "unknown_image", "image_id", message, shown(key)))
                continue
            image.objects += 1
            name, group = self._category(image.number, image.objects, category)
            for code, field_name, message, value in told or ():
                self._tell(image.number, image.objects, (code, field_name, message, value))
            head = (image.number, image.ref, image.objects, name, group, *box)
            self.parsed.rows.append((*head, *self._conditions(image, found), self._licence(image)))
        self.objects.clear()
        for image in self.images.values():
            if not image.objects:
                head = (image.number, image.ref, 0, None, None, *_NO_BOX)
                self.parsed.rows.append((*head, *self._conditions(image, None), self._licence(image)))

    def _category(self, image: int, number: int, value: Any) -> tuple[str | None, str | None]:
        if isinstance(value, dict):
            value = value_of(value, "name", "id")
        key = _key(value)
        if key in self.categories:
            return self.categories[key]
        text = text_of(value)
        if text is None:
            if len(self.categories) == 1:
                return next(iter(self.categories.values()))
            self._tell(image, number, ("empty_field", "category", "the object has no category", ""))
        elif text.lstrip("-").isdigit():
            message = "the category number is not in the block categories"
            self._tell(image, number, ("value_not_understood", "category", message, text))
            return None, None
        return text, None

    def _conditions(self, image: _Image, found: dict[str, Any] | None) -> Iterator[Any]:
        for column in CONDITIONS:
            for block in (found, image.found, self.outer):
                if block and column in block:
                    yield block[column]
                    break
            else:
                yield None

    def _licence(self, image: _Image) -> str | None:
        if image.licence in self.licences:
            return self.licences[image.licence]
        return next(iter(self.licences.values())) if len(self.licences) == 1 else None

    def _image_problems(self, one: bool) -> None:
        """Fields that no block could give, each once: of an image, or of the whole file where it has many."""
        for image in self.images.values():
            for problem in image.problems.values():
                if not self._has(problem, self.outer):
                    self._tell(image.number, 0, problem)
        for problem in self.outer_problems.values():
            if not all(self._has(problem, image.found) for image in self.images.values()):
                self._tell(0 if one else -1, 0, problem)

    @staticmethod
    def _has(problem: Problem, found: dict[str, Any]) -> bool:
        return any(item.name == problem[1] and item.columns[0] in found for item in FIELDS)

    def _tell(self, image: int, number: int, problem: Problem) -> None:
        code, name, message, found = problem
        # Other tools leave the fields they do not use empty: that is COCO, not a fault.
        if self.parsed.format == COCO and name not in MEASUREMENT | {"bbox", "category"}:
            return
        self.parsed.problems.append((image, number, code, name, message, found))


def _size(block: dict[str, Any]) -> list[Any] | None:
    width, height = value_of(block, "width"), value_of(block, "height")
    return None if values.is_empty(width) and values.is_empty(height) else [width, height]


def _key(value: Any) -> Any:
    """An id that compares: '1' and 1 are the same, lists and objects are none."""
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return str(int(value)) if float(value).is_integer() else str(value)


def file_stem(name: str) -> str:
    """The last part of a POSIX path without its extension."""
    return PurePosixPath(name).stem
