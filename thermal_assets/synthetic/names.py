"""File names of the data set: object_state_date_site_session_distance_frame_bbox."""

from __future__ import annotations

from datetime import date

NORMAL, ANOMALY = "NOM", "AON"


def clock(minute: int) -> str:
    """``A1016`` for 10:16 before noon, ``P1505`` for 15:05; ``minute`` of the day."""
    return f"{'A' if minute < 12 * 60 else 'P'}{minute // 60:02d}{minute % 60:02d}"


def session_code(start: int, end: int) -> str:
    """``A1016-A1110``: the time window of a session."""
    return f"{clock(start)}-{clock(end)}"


def file_stem(
    code: str, anomalous: bool, day: date, site: str, session: str, distance_m: float, frame: int, box: int
) -> str:
    """A file name without its extension; ``distance_m`` in metres."""
    state = ANOMALY if anomalous else NORMAL
    return f"{code}_{state}_{day:%y.%m.%d}_{site}_{session}_D{distance_m:g}_{frame:06d}_bbox{box}"
