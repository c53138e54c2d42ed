"""Reading JSON that people and tools wrote: its text in whatever encoding, its blocks one element at a time.

In a large file the elements of a top-level array are decoded one by one, so of a COCO file of 100 MB only
its text and what is kept of each element are in memory, never the whole tree.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from typing import Any

_SMALL = 1 << 20  # characters below which the tree is decoded at once, three times as fast
_SPACE = re.compile(r"[ \t\r\n]*")
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class AnnotationFileError(Exception):
    """A file that cannot be used: ``code`` and one line that says what to do."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def decode_text(data: bytes) -> tuple[str, str]:
    """(text, encoding) of JSON bytes: UTF-8 with or without mark, UTF-16 with mark, or CP949.

    Raises:
        AnnotationFileError: empty, or in none of these encodings.
    """
    if not data.strip(b" \t\r\n\0"):
        raise AnnotationFileError("empty_file", "the file is empty: fetch it again")
    # JSON is UTF-8 by its standard; Korean tools on Windows write CP949.
    encodings = ["utf-16"] if data.startswith(_UTF16) else ["utf-8-sig", "cp949"]
    for encoding in encodings:
        try:
            return data.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    raise AnnotationFileError("wrong_encoding", "neither UTF-8 nor CP949 text: save the file as UTF-8")


class Blocks:
    """The top-level blocks of one JSON text.

    Iterating yields (key, element): every element of a top-level array, or the value itself where it is no
    array. ``seen`` are the keys met so far, empty arrays included; ``duplicates`` the names that one object
    used twice.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self.seen: set[str] = set()
        self.duplicates: set[str] = set()
        self._decoder = json.JSONDecoder(object_pairs_hook=self._object, parse_constant=float, strict=False)

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        try:
            yield from self._tree() if len(self._text) < _SMALL else self._top()
        except json.JSONDecodeError as error:
            raise _told(error, self._text) from None
        except RecursionError:
            raise AnnotationFileError("not_json", "nested too deeply to be an annotation") from None
        except ValueError as error:  # a whole number of more digits than Python reads
            raise AnnotationFileError("not_json", f"holds a number that cannot be read: {str(error)[:60]}") from None

    def _tree(self) -> Iterator[tuple[str, Any]]:
        tree = self._decoder.decode(self._text.strip(" \t\r\n\0"))
        if not isinstance(tree, dict):
            raise AnnotationFileError("no_annotations", "no object with blocks such as images and annotations")
        self.seen.update(tree)
        for key, value in tree.items():
            if isinstance(value, list):
                for element in value:
                    yield key, element
            else:
                yield key, value

    def _top(self) -> Iterator[tuple[str, Any]]:
        position = self._space(0)
        if self._peek(position) in ("[", '"'):
            raise AnnotationFileError("no_annotations", "no object with blocks such as images and annotations")
        position = self._expect("{", position)
        if self._peek(position) == "}":
            position += 1
        else:
            while True:
                key, position = self._value(position)
                if not isinstance(key, str):
                    raise json.JSONDecodeError("Expecting property name", self._text, position)
                if key in self.seen:
                    self.duplicates.add(key)
                self.seen.add(key)
                position = self._expect(":", self._space(position))
                if self._peek(position) == "[":
                    position = self._space(position + 1)
                    while self._peek(position) != "]":
                        element, position = self._value(position)
                        yield key, element
                        if self._peek(position) == ",":
                            position = self._space(position + 1)
                        elif self._peek(position) != "]":
                            raise json.JSONDecodeError("Expecting ',' delimiter", self._text, position)
                    position = self._space(position + 1)
                else:
                    value, position = self._value(position)
                    yield key, value
                if self._peek(position) != ",":
                    break
                position = self._space(position + 1)
            self._expect("}", position)
            position += 1
        if self._text[position:].strip(" \t\r\n\0"):
            raise json.JSONDecodeError("Extra data", self._text, position)

    def _value(self, position: int) -> tuple[Any, int]:
        value, end = self._decoder.raw_decode(self._text, position)
        return value, self._space(end)

    def _space(self, position: int) -> int:
        match = _SPACE.match(self._text, position)
        return match.end() if match else position

    def _peek(self, position: int) -> str:
        return self._text[position : position + 1]

    def _expect(self, character: str, position: int) -> int:
        if self._peek(position) != character:
            raise json.JSONDecodeError(f"Expecting {character!r}", self._text, position)
        return self._space(position + 1)

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            names = [name for name, _ in pairs]
            self.duplicates.update(name for name in found if names.count(name) > 1)
        return found


def _told(error: json.JSONDecodeError, text: str) -> AnnotationFileError:
    if error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated"):
        return AnnotationFileError("truncated_json", "the file breaks off before its end: fetch it again")
    return AnnotationFileError("not_json", f"no JSON at line {error.lineno}, column {error.colno}: {error.msg}")
