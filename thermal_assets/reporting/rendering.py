"""From what the sections found to one HTML page that asks the network for nothing."""

from __future__ import annotations

import base64
import hashlib
import re
import unicodedata
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any

from markupsafe import Markup, escape

_TEMPLATES = files("thermal_assets.reporting") / "templates"
_JOINTS = re.compile(r"([_/-])(?=.)")


def render(*, template: str = "report.html.jinja", **shown: Any) -> str:
    """The page. Everything that is not a template of ours is escaped."""
    style, script = _asset("report.css"), _asset("report.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    # Even if a name slipped through as markup, the browser would neither run nor fetch anything.
    policy = f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    page: str = (
        _environment()
        .get_template(template)
        .render(style=Markup(style), script=Markup(script), policy=Markup(policy.replace("'", "&#39;")), **shown)
    )
    return page


def _asset(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


@cache
def _environment() -> Any:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("thermal_assets.reporting", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "count": count,
        "number": number,
        "share": share,
        "moment": moment,
        "name": name,
        "size": size,
        "breakable": breakable,
    }
    return environment


def count(value: int | None) -> str:
    """12345 as 12,345; a dash for None."""
    return "–" if value is None else f"{value:,}"


def number(value: float | None) -> str:
    """Three significant digits; a dash for None."""
    if value is None or value != value:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def share(value: float | None) -> str:
    """0.1234 as 12.3 %; never rounds something to nothing."""
    if value is None:
        return "–"
    if 0 < value < 0.001:
        return "< 0.1 %"
    return f"{100 * value:.1f} %"


def moment(value: datetime | None) -> str:
    """Date and time to the minute, with the zone if it is known."""
    return "–" if value is None else value.strftime("%Y-%m-%d %H:%M %Z").strip()


def size(value: int | None) -> str:
    """Bytes for people."""
    if value is None:
        return "–"
    amount = float(value)
    for unit in ("bytes", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.3g} {unit}"
        amount /= 1000
    return f"{amount:.3g} TB"


def name(value: str | None) -> str:
    """A name with its control characters made visible, so that none of them hides or reorders the rest."""
    if value is None:
        return "–"
    return "".join(_visible(character) for character in value)


def breakable(value: str | None) -> Markup:
    """``name``, escaped, that may break after the joints of file and class names instead of inside their words."""
    return Markup(_JOINTS.sub(r"\1<wbr>", str(escape(name(value)))))


def _visible(character: str) -> str:
    code = ord(character)
    # Joiners (200C, 200D) stay: scripts and emoji need them. Marks that reorder text are shown by number.
    if unicodedata.category(character) in ("Cc", "Cf") and code not in (0x200C, 0x200D):
        return f"‹U+{code:04X}›"
    return character
