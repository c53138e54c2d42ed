"""Do the findings of the planted model case come out by themselves, with the right files?

    python -m benchmarks.planted_model_case [--seeds 7 61 62] [--images 1600] [--home DIR --truth FILE]

Sample data sets with all plants, diagnosed by the command line through the shipped lens. For every plant that detectors
of L2 and L3 are to tell: which of them do, how severe, and how many of its images are in the rows that the evidence of
the finding gives; besides, how many images of other origin those rows hold. ``--home`` judges a finished home instead.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import duckdb
from rich.console import Console
from rich.table import Table

from benchmarks.planted.scoring import L1_DETECTORS
from thermal_assets.synthetic.dataset import write_sample_dataset


def main() -> None:
    """Print a table for each data set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[7, 61, 62])
    parser.add_argument("--images", type=int, default=1600)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--truth", type=Path)
    options = parser.parse_args()
    if options.home:
        print_plants(options.home, json.loads(options.truth.read_text()), str(options.home))
        return
    for seed in options.seeds:
        with tempfile.TemporaryDirectory(prefix="thermal-assets-planted-") as folder:
            data, home = Path(folder) / "data", Path(folder) / "home"
            write_sample_dataset(data, options.images, seed)
            program = Path(sys.executable).with_name("thermal-assets")
            diagnose = [program, "diagnose", data / "images", "--profile", "aihub-235", "--home", home]
            done = subprocess.run(diagnose, capture_output=True, text=True, check=False)
            if done.returncode:
                raise SystemExit(f"diagnose failed with seed {seed}:\n{done.stdout}\n{done.stderr}")
            print_plants(home, json.loads((data / "truth.json").read_text()), f"seed {seed}")


def print_plants(home: Path, truth: dict[str, Any], title: str) -> None:
    """Which plants of L2 and L3 are told, and what else the same detectors tell."""
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as connection:
        findings = connection.sql(
            "SELECT detector, severity, class_name, finding_id, evidence_sql FROM findings"
        ).fetchall()
        told = [(*finding[:4], _images(connection, finding[4], finding[2])) for finding in findings]
    table = Table("plant", "images", "detector", "severity", "of its images", "others in the evidence", title=title)
    of_plants = set()
    for plant in truth["plants"]:
        images = set(plant["images"])
        for detector in sorted(set(plant["detectors"]) - L1_DETECTORS):
            if detector.startswith("annotation"):
                continue
            hits = [finding for finding in told if finding[0] == detector and finding[4] & images]
            best = max(hits, key=lambda finding: len(finding[4] & images), default=None)
            if best is None:
                table.add_row(plant["name"], str(len(images)), detector, "not told", "0", "")
                continue
            of_plants |= {finding[3] for finding in hits}
            inside = len(best[4] & images)
            table.add_row(
                plant["name"], str(len(images)), detector, best[1], str(inside), str(len(best[4]) - inside)
            )  # fmt: skip
    console = Console(width=150)
    console.print(table)
    of_levels = [finding for finding in told if finding[0] not in L1_DETECTORS and finding[3] not in of_plants]
    for severity in ("HIGH", "MEDIUM", "LOW"):
        rest = [finding[3] for finding in of_levels if finding[1] == severity]
        console.print(f"{severity}, nothing planted for it ({len(rest)}): {', '.join(rest)}")


def _images(connection: duckdb.DuckDBPyConnection, evidence: str, class_name: str | None) -> set[str]:
    """Images of the rows behind a finding; those of its class where the rows are of classes or distances."""
    cursor = connection.execute(evidence)
    names = [column[0] for column in cursor.description or ()]
    if "image_id" in names:
        return {row[names.index("image_id")] for row in cursor.fetchall()}
    of_class = "SELECT image_id FROM file_manifest WHERE class_name = ?"
    return {row[0] for row in connection.execute(of_class, [class_name]).fetchall()} if class_name else set()


if __name__ == "__main__":
    main()
