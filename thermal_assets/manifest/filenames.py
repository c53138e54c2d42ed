"""Reading the tokens of a file name by the grammar of a profile."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, time
from typing import Any

from thermal_assets.profile import Grammar, Profile, Ranges

# Named groups that have a column of their own in file_manifest; every other group goes to extra_tokens.
_COLUMNS = frozenset(
    {"object_code", "state_code", "captured_on", "site_code", "session_code", "frame_number", "bbox_index"}
)
_DISTANCE_GROUPS = frozenset({"distance_token", "distance_m"})
_SESSION = re.compile(r"([AP])(\d{2})(\d{2})-([AP])(\d{2})(\d{2})")


class _BadToken(Exception):
    """A token that cannot be read: (code, text)."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


@dataclass
class Tokens:
    """What one file name says; the fields are columns of file_manifest."""

    object_code: str | None = None
    state_code: str | None = None
    captured_on: date | None = None
    site_code: str | None = None
    session_code: str | None = None
    session_start: time | None = None
    session_end: time | None = None
    distance_token: str | None = None
    distance_m: float | None = None
    frame_number: int | None = None
    bbox_index: int | None = None
    session_id: str | None = None
    frame_id: str | None = None
    batch_id: str | None = None
    extra_tokens: str | None = None
    tokens_valid: bool | None = None
    token_problems: list[str] = field(default_factory=list)


def token_reader(profile: Profile) -> Callable[[str], Tokens]:
    """A function from a file's stem (name without extension) to its tokens.

    Problems are entries ``code: text`` of ``token_problems``; codes: does_not_parse, bad_date,
    outside_window, outside_distance, session_reversed, unknown_code, bad_number.
    Without a grammar every token is None and ``tokens_valid`` too.
    """
    grammar = profile.grammar
    if grammar is None:
        return lambda stem: Tokens()
    pattern = re.compile(grammar.pattern)
    ranges = profile.ranges

    def read(stem: str) -> Tokens:
        match = pattern.fullmatch(stem)
        if match is None:
            hint = f"; expected like {grammar.example}" if grammar.example else ""
            return Tokens(
                tokens_valid=False, token_problems=[f"does_not_parse: the name does not follow the grammar{hint}"]
            )
        return _read_match(match.groupdict(), grammar, ranges)

    return read


def _read_match(groups: dict[str, str | None], grammar: Grammar, ranges: Ranges) -> Tokens:
    tokens = Tokens()
    extra: dict[str, Any] = {}
    for name, text in groups.items():
        if text is None:
            continue
        try:
            _assign(tokens, extra, name, text, grammar)
        except _BadToken as bad:
            tokens.token_problems.append(f"{bad.code}: {bad.text}")
    if extra:
        tokens.extra_tokens = json.dumps(extra, sort_keys=True, ensure_ascii=False, default=str)
    _check_ranges(tokens, ranges)
    _name_units(tokens)
    tokens.tokens_valid = not tokens.token_problems
    return tokens


def _assign(tokens: Tokens, extra: dict[str, Any], name: str, text: str, grammar: Grammar) -> None:
    kind = grammar.tokens.get(name, "text")
    if kind == "session_ap":
        tokens.session_code = text
        tokens.session_start, tokens.session_end = _session_window(text)
        return
    if kind == "distance" or name in _DISTANCE_GROUPS:
        tokens.distance_token = text
        tokens.distance_m = _number(text.lstrip("Dd"), text)
        return
    value: Any = text
    if kind == "date_yy_mm_dd":
        value = _date(text)
    elif kind == "integer":
        value = _whole(text, text)
    elif kind == "number":
        value = _number(text, text)
    elif kind == "box":
        value = _whole(text.lstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-"), text)
    if name in _COLUMNS:
        setattr(tokens, name, value)
    else:
        extra[name] = value
    if name == "object_code" and grammar.codes and text not in grammar.codes:
        raise _BadToken("unknown_code", f"object code {text} is not one of {', '.join(sorted(grammar.codes))}")
    if name == "state_code" and grammar.states and text not in grammar.states:
        raise _BadToken("unknown_code", f"state code {text} is not one of {', '.join(sorted(grammar.states))}")


def _number(text: str, shown: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise _BadToken("bad_number", f"{shown} is not a number") from None


def _whole(text: str, shown: str) -> int:
    """Read as it stands: above 2^53 floats would make one frame of two."""
    try:
        value = int(text)
    except ValueError:
        value = int(_number(text, shown))
    if abs(value) >= 1 << 63:
        raise _BadToken("bad_number", f"{shown} is larger than any frame or box number")
    return value


def _date(text: str) -> date:
    try:
        year, month, day = (int(part) for part in re.split(r"\D", text))
        return date(2000 + year, month, day)
    except ValueError:
        raise _BadToken("bad_date", f"{text} is not a date (year.month.day)") from None


def _clock(half: str, hour_text: str, minute_text: str, shown: str) -> time:
    """A1016 is 10:16; P1505 is 15:05, and P0305 is read as 15:05 too."""
    hour, minute = int(hour_text), int(minute_text)
    if half == "P" and hour < 12:
        hour += 12
    try:
        if half == "A" and hour > 12:
            raise ValueError
        return time(hour, minute)
    except ValueError:
        raise _BadToken("bad_number", f"{shown} is not a time of day") from None


def _session_window(text: str) -> tuple[time, time]:
    match = _SESSION.fullmatch(text)
    if match is None:
        raise _BadToken("bad_number", f"{text} is not a session window (like A1016-A1110)")
    a, b, c, d, e, f = match.groups()
    return _clock(a, b, c, text), _clock(d, e, f, text)


def _check_ranges(tokens: Tokens, ranges: Ranges) -> None:
    day = tokens.captured_on
    if day is not None and (
        (ranges.captured_from and day < ranges.captured_from) or (ranges.captured_to and day > ranges.captured_to)
    ):
        tokens.token_problems.append(
            f"outside_window: {day} is not between {ranges.captured_from or '...'} and {ranges.captured_to or '...'}"
        )
    distance = tokens.distance_m
    if distance is not None and (
        (ranges.distance_min_m is not None and distance < ranges.distance_min_m)
        or (ranges.distance_max_m is not None and distance > ranges.distance_max_m)
    ):
        tokens.token_problems.append(
            f"outside_distance: {distance:g} m is not between {ranges.distance_min_m} and {ranges.distance_max_m} m"
        )
    if tokens.session_start and tokens.session_end and tokens.session_end < tokens.session_start:
        tokens.token_problems.append(
            f"session_reversed: ends {tokens.session_end:%H:%M} before it starts {tokens.session_start:%H:%M}"
        )


def _name_units(tokens: Tokens) -> None:
    """Session, batch and frame: the units that statistics count instead of images."""
    parts = [tokens.captured_on.isoformat() if tokens.captured_on else None, tokens.site_code, tokens.session_code]
    if any(part is not None for part in parts):
        tokens.session_id = "|".join(part or "" for part in parts)
    if tokens.session_id is not None:
        tokens.batch_id = f"{tokens.session_id}|{tokens.distance_token or ''}"
    if tokens.frame_number is not None:
        tokens.frame_id = f"{tokens.batch_id or tokens.distance_token or ''}|{tokens.frame_number}"
