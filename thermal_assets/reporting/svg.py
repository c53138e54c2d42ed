"""From a matplotlib figure to SVG that lives inside an HTML page: its text, its colours, no ids of others."""

from __future__ import annotations

import io
import re
import threading
from html import escape
from typing import TYPE_CHECKING

from markupsafe import Markup

from thermal_assets.reporting import palette

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INK = "#000001"
GRID = "#b0b7c1"
PAGE = "#fffffe"
# What is drawn in these colours follows the page's light or dark colours.
_VARIABLES = {
    INK: "currentColor",
    GRID: "var(--grid)",
    PAGE: "var(--page)",
    palette.BLUE: "var(--blue)",
    palette.VERMILION: "var(--vermilion)",
    palette.GREEN: "var(--green)",
    palette.ORANGE: "var(--orange)",
    palette.SKY: "var(--sky)",
    palette.PURPLE: "var(--purple)",
    palette.GREY: "var(--grey)",
}
_COLOURS = re.compile("|".join(_VARIABLES))
# rc_context changes settings of the whole process for a moment.
_LOCK = threading.Lock()


def figure_svg(figure: Figure, *, name: str, label: str) -> Markup:
    """``figure`` as an <svg> element. ``name`` makes its ids unique in the page, ``label`` is read to who cannot see it.

    Text stays text, so that it is searchable and set in the reader's own fonts whatever its script.
    """
    from matplotlib import rc_context
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    out = io.StringIO()
    with _LOCK, rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        FigureCanvasSVG(figure).print_svg(out, metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    source = out.getvalue()
    body = source[source.index("<svg") :]
    view_box = re.search(r'viewBox="([^"]+)"', body)
    assert view_box is not None
    body = body[body.index(">") + 1 : body.rindex("</svg>")]
    # This style sheet would reach the whole page; report.css says the same for charts only.
    body = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>", "", body, count=1, flags=re.S)
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.S)
    body = re.sub(r'\bid="', f'id="{name}-', body)
    body = body.replace("url(#", f"url(#{name}-")
    body = re.sub(r'(?:xlink:)?href="#', f'href="#{name}-', body)
    body = _COLOURS.sub(lambda match: _VARIABLES[match.group()], body)
    body = re.sub(r"-?\d+\.\d{3,}", lambda match: f"{float(match.group()):.2f}", body)
    body = re.sub(r"\s*\n\s*", "\n", body)
    return Markup(
        f'<svg class="chart" viewBox="{view_box.group(1)}" role="img" aria-label="{escape(label, quote=True)}">{body}</svg>'
    )
