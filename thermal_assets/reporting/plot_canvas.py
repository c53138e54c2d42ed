"""What every plot shares: a figure without pyplot, axes that take any name, a small PNG in the end."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from thermal_assets.reporting.palette import GREY

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DPI = 96
_FONTS = ("DejaVu Sans", "Noto Sans CJK KR", "Noto Sans CJK JP", "NanumGothic", "Malgun Gothic", "Apple SD Gothic Neo")


def figure(width: float = 6.4, height: float = 3.4) -> tuple[Figure, Axes]:
    """A white figure of ``width`` x ``height`` inches and its axes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    made = Figure(figsize=(width, height), dpi=DPI, layout="constrained", facecolor="white")
    FigureCanvasAgg(made)
    plot = made.add_subplot()
    plot.spines[["top", "right"]].set_visible(False)
    plot.tick_params(labelsize=8)
    return made, plot


def row_labels(axes: Axes, labels: Sequence[str]) -> None:
    """One label a row, the first on top, taken as they are: a class may be called ``$x$``."""
    axes.set_yticks(np.arange(len(labels)), [short(label, 44) for label in labels], parse_math=False)
    axes.invert_yaxis()
    axes.tick_params(axis="y", length=0)


def log_axis(axes: Axes) -> None:
    """Make the x axis of what is drawn logarithmic, with ticks that read 0.5, 1, 2 instead of powers of ten."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axes.set_xscale("log")
    low, high = axes.get_xlim()
    fine, middle, coarse = (1.0, 1.5, 2.0, 3.0, 5.0, 7.0), (1.0, 2.0, 5.0), (1.0,)
    subs = fine if high < 12 * low else middle if high < 300 * low else coarse
    axes.xaxis.set_major_locator(LogLocator(subs=subs))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())


def legend(axes: Axes) -> None:
    """A legend that takes names as they are: a class may be called ``$x$``."""
    for text in axes.legend(frameon=False, fontsize=8).get_texts():
        text.set_parse_math(False)


def empty(figure: Figure, axes: Axes, title: str, reason: str) -> bytes:
    """A plot that says why there is nothing to draw."""
    axes.set_axis_off()
    axes.text(0.5, 0.5, reason, ha="center", va="center", color=GREY, transform=axes.transAxes)
    return png(figure, axes, title)


def png(figure: Figure, axes: Axes, title: str) -> bytes:
    """The finished plot with its title."""
    axes.set_title(short(title, 90), fontsize=10, loc="left", parse_math=False)
    return encode(figure)


def encode(figure: Figure) -> bytes:
    """PNG with a palette of 128 colours: flat plots need no more, and it is a third of the size.

    Characters that no font of this machine has are drawn as boxes, and not warned of once for every plot.
    """
    from matplotlib.text import Text
    from PIL import Image

    families = _families()
    for text in figure.findobj(Text):
        text.set_fontfamily(families)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"Glyph \d+")
        figure.canvas.draw()
    pixels: NDArray[np.uint8] = np.asarray(figure.canvas.buffer_rgba())  # type: ignore[attr-defined]
    image = Image.fromarray(pixels).convert("RGB").quantize(128, method=Image.Quantize.FASTOCTREE)
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


def _families() -> list[str]:
    """Fonts to try in order, those of this machine only: a missing one would be logged for every text."""
    from matplotlib.font_manager import fontManager

    installed = {font.name for font in fontManager.ttflist}
    return [name for name in _FONTS if name in installed]


def short(text: str, length: int) -> str:
    """``text`` on one line, cut in the middle to ``length`` characters."""
    line = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
    if len(line) <= length:
        return line
    head = (length - 1) * 2 // 3
    return f"{line[:head]}…{line[len(line) - (length - 1 - head) :]}"
