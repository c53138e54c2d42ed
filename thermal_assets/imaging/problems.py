"""Why a file gives no picture, in one code and one line."""

from __future__ import annotations

import struct

from PIL import Image

# What a person can do about it; the same advice for every file of a code.
_ADVICE = {
    "empty_file": "copy it again from its source, or delete it",
    "not_an_image": "move it out of the image folder, or convert it to PNG",
    "truncated": "copy it again from its source",
    "corrupt": "copy it again from its source",
    "too_many_pixels": "crop or shrink it",
    "too_large_file": "save it as a compressed PNG, or shrink it",
    "unsupported_mode": "convert it to 8-bit RGB or 16-bit grey",
    "out_of_memory": "free memory or use fewer workers, then run again",
}
PROBLEM_CODES = frozenset(_ADVICE)
_OVER_THE_END = (EOFError, IndexError, struct.error)


class ImageProblem(Exception):
    """A file that gives no picture.

    ``code`` is one of ``PROBLEM_CODES`` and stable over versions; ``message`` is one line that says
    what is wrong and what to do.
    """

    def __init__(self, code: str, what: str) -> None:
        self.code = code
        self.message = f"{one_line(what)}: {_ADVICE[code]}"
        super().__init__(self.message)

    def __reduce__(self) -> tuple[type[ImageProblem], tuple[str, str]]:
        # Problems cross process borders; the default would pass the finished message as the code.
        return ImageProblem, (self.code, self.message.removesuffix(f": {_ADVICE[self.code]}"))


def one_line(text: object, limit: int = 200) -> str:
    """``text`` without line breaks, control characters or surrogates, at most ``limit`` characters."""
    line = " ".join("".join(c if c.isprintable() else " " for c in str(text)).split())
    return line if len(line) <= limit else line[: limit - 3] + "..."


def as_problem(error: Exception, file_format: str) -> ImageProblem:
    """The problem behind whatever a decoder raised on the bytes of a ``file_format`` file."""
    text = one_line(error) or type(error).__name__
    lower = text.lower()
    if isinstance(error, ImageProblem):
        return error
    if isinstance(error, Image.DecompressionBombError):
        return ImageProblem("too_many_pixels", f"{file_format} with more pixels than are decoded safely")
    if isinstance(error, MemoryError):
        return ImageProblem("out_of_memory", f"This {file_format} needs more memory than was free")
    # Pillow's readers run over the end of short data with these, and wrap them while they open a file.
    over_the_end = isinstance(error, _OVER_THE_END) or isinstance(error.__cause__, _OVER_THE_END)
    if over_the_end or any(words in lower for words in ("truncated", "not enough", "end of ")):
        return ImageProblem("truncated", f"The {file_format} ends before its picture does ({text})")
    if any(
        w in lower for w in ("unsupported", "unknown pixel mode", "unknown data organization", "unrecognized image")
    ):
        return ImageProblem("unsupported_mode", f"{file_format} of a kind that cannot be read ({text})")
    return ImageProblem("corrupt", f"The {file_format} is damaged ({text})")
