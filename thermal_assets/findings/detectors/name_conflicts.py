"""Names that contradict other names or their class: repeated boxes, frames and file names, foreign codes, shared frames.

Measure: view name_conflicts. A box that comes twice in a class is one crop too many, or a wrong name. A
frame number at two distances of one session is a wrong distance or number, or a camera that counted anew. A
file name in two folders overwrites a picture as soon as somebody puts the folders together; files with
equal bytes are left to the detectors of copies. One box in two classes is one object with two labels. A
code of another object is counted here image by image where table batch_drift does not judge its batch.
Frames with different boxes in several classes are legal, and told so that a split never puts one frame on
both sides.
"""

from __future__ import annotations

import duckdb

from thermal_assets.findings.finding import Finding, counted, counted_names, fetch, number, percent, text
from thermal_assets.findings.scopes import ClassCount, Scope, file_counts, scopes
from thermal_assets.findings.thresholds import Thresholds

# conflict: (title, what the files do (one, several), what to do)
_KINDS = {
    "box_twice": (
        "One box under several names",
        ("carries a session, frame and box that another file of its class carries",
         "carry a session, frame and box that another file of their class carries"),
        "Look at the pairs: keep one of equal pictures, correct the name where they differ.",
    ),
    "frame_twice": (
        "Frame numbers that repeat within a session",
        ("carries a session and frame number that another file carries at another distance",
         "carry a session and frame number that other files carry at another distance"),
        "One frame has one distance: correct the distance or the number at its source. If the camera counts anew at each "
        "distance, nothing is wrong: frames of different distances are counted apart.",
    ),
    "name_twice": (
        "One file name in several folders",
        ("has a name that a file of another folder has", "have a name that a file of another folder has"),
        "Never put these folders together into one: files would overwrite each other. Keep the folder in every list.",
    ),
    "box_in_classes": (
        "One box in two classes",
        ("carries the object, session, frame and box of a file of another class",
         "carry the object, session, frame and box of a file of another class"),
        "One of the two labels or one of the two names is wrong: look at the pairs and correct it.",
    ),
    "other_code": (
        "Names with the code of another object",
        ("carries the code of another object than its class", "carry the code of another object than their class"),
        "Look at the examples; move the images to the class their names tell, or correct the names.",
    ),
    "frame_in_classes": (
        "Frames with boxes in several classes",
        ("comes from a frame that has boxes in other classes too", "come from frames that have boxes in other classes too"),
        "Nothing is wrong with that. Split into training and test by session, so that no frame falls into both.",
    ),
}  # fmt: skip

_SUBJECTS = {
    "box_twice": "Boxes",
    "box_in_classes": "Boxes",
    "frame_twice": "Frames",
    "name_twice": "Names",
    "other_code": "Codes",
}

_TOLD = """
WITH told AS (
    SELECT * FROM name_conflicts c
    WHERE (conflict <> 'name_twice' OR different_contents > 1)
      AND (conflict <> 'other_code' OR NOT EXISTS (
          SELECT 1 FROM batch_drift b
          WHERE b.class_name = c.class_name AND b.batch_id = c.batch_id AND b.code_contradicts))
)
"""


def detect(connection: duckdb.DuckDBPyConnection, thresholds: Thresholds) -> list[Finding]:
    rows = fetch(
        connection,
        _TOLD + "SELECT conflict, class_name, count(*) AS n, min(image_id, 12) AS examples FROM told\n"
        "GROUP BY ALL ORDER BY ALL",
    )
    sizes = file_counts(connection) if rows else {}
    findings = []
    for kind in _KINDS:
        hit = [
            ClassCount(row["class_name"], row["n"], tuple(row["examples"])) for row in rows if row["conflict"] == kind
        ]
        if kind in ("name_twice", "box_in_classes", "frame_in_classes") and hit:
            # These concern several classes by what they are, so they are told once.
            ordered = tuple(sorted(hit, key=lambda item: (-item.count, item.class_name)))
            found = [Scope(None, ordered, sum(sizes.values()), serious=False)]
        else:
            found = scopes(hit, sizes, thresholds, thresholds.class_alone_share)
        findings += [_finding(kind, scope, _told(connection, kind, scope), thresholds) for scope in found]
    return findings


def _finding(kind: str, scope: Scope, told: str, thresholds: Thresholds) -> Finding:
    title, does, action = _KINDS[kind]
    many = scope.serious or scope.share >= thresholds.names_medium_share
    much = kind == "box_in_classes" or (kind in ("box_twice", "other_code") and many)
    return Finding(
        finding_id=f"name_conflicts:{kind}:{scope.subject}",
        severity="MEDIUM" if much else "LOW",
        detector="name_conflicts",
        level="L1",
        class_name=scope.class_name,
        title=title,
        statement=f"{number(scope.count)} of the {counted(scope.total, 'file')} of {scope.words} "
        f"({percent(scope.share)}) {does[scope.count > 1]}{scope.where}. {told}.{scope.note}",
        effect_name=f"share of the files of the {scope.unit}",
        effect_size=scope.share,
        affected_images=scope.count,
        example_ids=scope.examples,
        evidence_sql=f"{_TOLD.strip()}\nSELECT class_name, image_id, subject, files, classes, different_contents\n"
        f"FROM told WHERE conflict = {text(kind)} AND {scope.condition}\nORDER BY subject, class_name, image_id",
        action=action,
    )


def _told(connection: duckdb.DuckDBPyConnection, kind: str, scope: Scope) -> str:
    """What is repeated, or which classes meet, with counts."""
    by_classes = kind == "frame_in_classes"
    what = "array_to_string(classes, ' with ')" if by_classes else "subject"
    rows = fetch(
        connection,
        f"{_TOLD}SELECT {what} AS what, count(DISTINCT subject) AS subjects, count(*) AS n\n"
        f"FROM told WHERE conflict = {text(kind)} AND {scope.condition} GROUP BY ALL ORDER BY n DESC, what LIMIT 200",
    )
    if by_classes:
        return f"Frames by classes: {counted_names([(row['what'], row['subjects']) for row in rows])}"
    return f"{_SUBJECTS[kind]} with their number of files: {counted_names([(row['what'], row['n']) for row in rows])}"
