"""Do the L1 detectors find what was planted, and nothing else?

    python -m benchmarks.planted_l1 [--seeds 61 62 63] [--clean 10] [--images 1600] [--no-strengths]
                                   [--l1-only] [--folder DIR]

Three parts, each through the real pipeline up to the findings. Precision and recall per detector on sample
data sets with planted faults, counted in images from the evidence of the findings. The share of damaged
pictures that is found as the damage grows, on drawn crops and, where ../shared/data has them, on real ones; and
how many names or pixel modes must be wrong before that is told.
Clean data sets, which must give no L1 finding; what L2 and L3 say of them is shown as information. With
--l1-only the steps up to the L1 findings run and no lens: quicker, without copies, and silent on L2 and L3.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

from benchmarks.planted.amounts import print_amounts
from benchmarks.planted.pipeline import l1_home, run_l1
from benchmarks.planted.scoring import NEED_LENS, Score, clean_findings, score_home
from benchmarks.planted.strengths import print_curves, real_crops, strength_curves
from thermal_assets.synthetic.dataset import write_sample_dataset

FIRST_CLEAN = 71  # seed; sets of other seeds served to look for mistakes while the rules were written
LENS = "random-mobilenet_v2"  # L1 needs no lens; near copies are found by random weights too


def diagnose(images: Path, home: Path, l1_only: bool) -> float:
    """Run the command line as a user would, or the L1 steps alone; seconds."""
    started = time.monotonic()
    if l1_only:
        run_l1(l1_home(images, home, "aihub-235"), "planted_l1")
        return time.monotonic() - started
    program = Path(sys.executable).with_name("thermal-assets")
    done = subprocess.run(
        [program, "diagnose", images, "--profile", "aihub-235", "--home", home, "--lens", LENS],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"diagnose failed on {images}:\n{done.stdout}\n{done.stderr}")
    return time.monotonic() - started


def planted(folder: Path, seeds: Iterable[int], images: int, l1_only: bool) -> None:
    """Precision and recall per L1 detector, added up over the seeds."""
    totals: dict[str, Score] = defaultdict(Score)
    missed: dict[str, list[str]] = defaultdict(list)
    for seed in seeds:
        data, home = folder / f"planted{seed}", folder / f"planted{seed}-home"
        write_sample_dataset(data, images, seed)
        seconds = diagnose(data / "images", home, l1_only)
        truth = json.loads((data / "truth.json").read_text())
        for detector, score in score_home(home, truth).items():
            if l1_only and detector in NEED_LENS:
                continue
            totals[detector] = totals[detector] + score
            missed[detector] += [f"seed {seed}: {text}" for text in score.remarks]
        print(f"seed {seed}: {images:,} images diagnosed in {seconds:.0f} s", flush=True)
    print(f"\n{'L1 detector':26}{'planted':>9}{'found':>8}{'wrong':>8}{'precision':>11}{'recall':>9}")
    for detector, score in sorted(totals.items()):
        print(
            f"{detector:26}{score.planted:>9}{score.right:>8}{score.wrong:>8}"
            f"{_share(score.right, score.right + score.wrong):>11}{_share(score.right, score.planted):>9}"
        )
    for detector, remarks in sorted(missed.items()):
        for remark in remarks[:8]:
            print(f"  {detector}: {remark}")


def clean(folder: Path, count: int, images: int, l1_only: bool) -> int:
    """``count`` clean sets; returns the number of L1 findings."""
    wrong, others = 0, Counter[str]()
    for seed in range(FIRST_CLEAN, FIRST_CLEAN + count):
        data, home = folder / f"clean{seed}", folder / f"clean{seed}-home"
        write_sample_dataset(data, images, seed, clean=True)
        diagnose(data / "images", home, l1_only)
        l1, rest = clean_findings(home)
        wrong += len(l1)
        others.update(rest)
        print(f"clean, seed {seed}: {len(l1)} L1 findings{'; ' + ', '.join(l1) if l1 else ''}", flush=True)
    told = ", ".join(f"{name} in {n}" for name, n in others.most_common()) or "none"
    print(f"{count} clean sets of {images:,} images: {wrong} L1 findings. At L2 and L3 (sets): {told}")
    return wrong


def main() -> int:
    """Command line; exit code 1 if a clean set has an L1 finding."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seeds", type=int, nargs="*", default=[61, 62, 63], help="planted sets to judge")
    parser.add_argument("--clean", type=int, default=10, help="how many clean sets")
    parser.add_argument("--images", type=int, default=1600, help="images a set; below 1,000 classes are too small")
    parser.add_argument("--no-strengths", action="store_true", help="leave the curves out")
    parser.add_argument("--l1-only", action="store_true", help="no lens, no copies: the L1 steps only")
    parser.add_argument("--folder", type=Path, help="where data and homes go; left out: a temporary folder")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        if options.seeds:
            planted(folder, options.seeds, options.images, options.l1_only)
        if not options.no_strengths:
            print_amounts(folder, options.images)
            drawn = folder / "drawn"
            write_sample_dataset(drawn, options.images, 21, clean=True)
            print_curves("drawn crops", strength_curves(drawn / "images", "aihub-235", folder / "strengths-drawn"))
            for name, source in real_crops(folder):
                print_curves(name, strength_curves(source, "folders", folder / f"strengths-{name.split()[0]}"))
        return int(clean(folder, options.clean, options.images, options.l1_only) > 0) if options.clean else 0


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.3f}" if whole else "-"


if __name__ == "__main__":
    sys.exit(main())
