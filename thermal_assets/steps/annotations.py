"""The annotations of one class, and where they contradict its images."""

from __future__ import annotations

import hashlib
from pathlib import Path

import polars as pl

from thermal_assets.annotations.build import ClassAnnotations, build_annotations
from thermal_assets.annotations.files import AnnotationFile, annotation_files
from thermal_assets.annotations.reading import read_files
from thermal_assets.annotations.store import PARSER_VERSION, AnnotationStore
from thermal_assets.home.layout import Home
from thermal_assets.manifest.identity import class_of
from thermal_assets.manifest.watching import files_state
from thermal_assets.profile import Profile
from thermal_assets.progress import reporter
from thermal_assets.steps.outputs import AssetPlan, Output, Slice, StepReport
from thermal_assets.steps.step import run_step
from thermal_assets.steps.versions import fingerprint

_VERSION = "1"
_IMAGES = """
    SELECT m.image_id, m.image_key, m.file_name, m.object_code, m.state_code, m.captured_on, m.distance_m,
           m.bbox_index, m.frame_id, s.width, s.height
    FROM file_manifest m LEFT JOIN channel_stats s ON s.image_key = m.image_key AND s.class_name = m.class_name
    WHERE m.class_name = ? ORDER BY m.image_id
"""
_KNOWN = """
    SELECT source_file, size_bytes, mtime_ns, content_hash FROM annotation_files
    WHERE class_name = ? AND content_hash IS NOT NULL
"""


def materialize_annotations(home: Home, run_id: str, partition: str) -> StepReport:
    """Write annotations, annotation_problems and annotation_files of one class; none of them where there is no JSON."""
    class_name = class_of(partition)
    files = annotation_files(home.image_root, class_name, home.annotations)

    def compute(due: frozenset[str]) -> dict[str, Output]:
        known = {
            name: (size, mtime, content_hash)
            for name, size, mtime, content_hash in home.warehouse.frame(_KNOWN, [class_name]).iter_rows()
        }
        store = AnnotationStore(home.parsed_annotations)
        read = read_files(files, known, store, progress=reporter(f"annotations of {class_name}"))
        images = home.warehouse.frame(_IMAGES, [class_name])
        built = build_annotations(images, files, read, store, home.profile, class_name)
        where = {"class_name": class_name}
        output = Output(
            [
                Slice("annotations", built.annotations, where),
                Slice("annotation_problems", built.problems, where),
                Slice("annotation_files", built.files, where),
            ],
            version=_content_version(built),
            # What vanished while it was read may be there again: the next run looks again.
            incomplete=any(code == "vanished" for code, _ in read.problems.values()),
            metadata={
                "annotation_files": len(files),
                "files_read": read.read,
                "files_parsed": read.parsed,
                "annotated_images": built.annotations["image_id"].n_unique(),
                "problems": _counts(built.problems),
            },
        )
        return {"annotations": output}

    parameters = {
        "parser": PARSER_VERSION,
        "profile": _profile_version(home.profile),
        "files": _state(files, home.annotations),
    }
    upstream = [("file_manifest", partition), ("channel_stats", partition)]
    plan = AssetPlan("annotations", _VERSION, parameters)
    return run_step(home, run_id, [plan], compute, partition=partition, upstream=upstream)["annotations"]


def _state(files: list[AnnotationFile], annotations: Path | None) -> str:
    return f"{files_state((file.source_file, file.size_bytes, file.mtime_ns) for file in files)} {annotations or ''}"


def _profile_version(profile: Profile) -> str:
    """What of a profile decides these rows: its grammar, ranges and classes, not its thresholds."""
    return fingerprint(profile.manifest_fingerprint, [rule.model_dump(mode="json") for rule in profile.classes])


def _content_version(built: ClassAnnotations) -> str:
    """A hash of the rows themselves: a file that was only touched changes nothing downstream."""
    digest = hashlib.blake2b(digest_size=12)
    for frame in (built.annotations, built.problems, built.files.drop("mtime_ns")):
        digest.update(str(frame.height).encode())
        if frame.height:
            digest.update(frame.write_csv(include_header=False).encode())
    return digest.hexdigest()


def _counts(problems: pl.DataFrame) -> dict[str, int]:
    counted = problems.group_by("code").len().sort("len", "code", descending=[True, False])
    return {str(code): count for code, count in counted.iter_rows()}
