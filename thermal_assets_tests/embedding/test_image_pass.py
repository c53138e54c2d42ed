"""The image pass on files as they come: doubles, damaged, vanished and changed ones, and interrupted runs."""

from __future__ import annotations

import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from thermal_assets.embedding import image_pass, image_work
from thermal_assets.embedding.image_pass import ImageFile, PassSummary, run_image_pass
from thermal_assets.embedding.stats_store import StatsStore
from thermal_assets.embedding.vector_store import VectorStore
from thermal_assets.lenses.lens_spec import LensSpec
from thermal_assets.lenses.networks import resolve_lens
from thermal_assets_tests.embedding.samples import content_hash, listed, png


@pytest.fixture(scope="module")
def lens() -> LensSpec:
    return resolve_lens("random-mobilenet_v2", input_size=64)


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Content hash of everything that is decoded, each time it is."""
    seen: list[str] = []
    real = image_work.decode_image

    def counting(data: bytes, *args: object) -> object:
        seen.append(content_hash(data))
        return real(data, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(image_work, "decode_image", counting)
    return seen


class Home:
    """Both stores below one folder, opened anew for every pass."""

    def __init__(self, root: Path, lens: LensSpec) -> None:
        self.root, self.lens = root, lens

    @property
    def stats(self) -> StatsStore:
        return StatsStore(self.root / "stats")

    @property
    def vectors(self) -> VectorStore:
        return VectorStore(self.root / "vectors", self.lens.lens_id, self.lens.dimensions)

    def run(self, files: list[ImageFile], **options: object) -> PassSummary:
        options = {"stats": self.stats, "vectors": self.vectors, "lens": self.lens, "device": "cpu"} | options
        return run_image_pass(files, **options)  # type: ignore[arg-type]


@pytest.fixture
def home(tmp_path: Path, lens: LensSpec) -> Home:
    return Home(tmp_path / "home", lens)


@pytest.fixture
def files(tmp_path: Path) -> list[ImageFile]:
    """Thirty images, colour and grey; the last three repeat the bytes of the first."""
    folder = tmp_path / "images"
    made = [listed(folder, f"{i}.png", png(i, grey=i % 3 == 0)) for i in range(27)]
    return [*made, *(listed(folder, f"copy{i}.png", made[0].path.read_bytes()) for i in range(3))]


def test_every_content_is_decoded_once_for_both_results(home: Home, files: list[ImageFile], decoded: list[str]) -> None:
    calls: list[tuple[int, int]] = []
    summary = home.run(files, progress=lambda done, total: calls.append((done, total)))
    assert len(decoded) == len(set(decoded)) == 27
    assert (summary.files, summary.contents, summary.decoded) == (30, 27, 27)
    assert (summary.measured, summary.embedded, summary.undecodable, summary.problems) == (27, 27, 0, [])
    assert calls[-1] == (27, 27)
    hashes = [file.content_hash for file in files]
    assert not home.stats.missing(hashes)
    assert np.allclose(np.linalg.norm(home.vectors.gather(hashes), axis=1), 1, atol=1e-6)
    assert home.stats.statistics(hashes).height == 27
    again = home.run(files)
    assert (again.cached, again.decoded, len(decoded)) == (27, 0, 27)


def test_only_what_is_due_is_done(home: Home, files: list[ImageFile], decoded: list[str]) -> None:
    first = home.run(files, vectors=None, lens=None)
    assert (first.measured, first.embedded) == (27, 0)
    second = home.run(files)
    assert (second.measured, second.embedded) == (0, 27)
    third = home.run([*files, listed(files[0].path.parent, "new.png", png(99))])
    assert (third.measured, third.embedded, third.cached) == (1, 1, 27)
    assert len(decoded) == 27 + 27 + 1
    with pytest.raises(ValueError, match="belong together"):
        home.run(files, lens=None)


def test_vectors_do_not_depend_on_workers_order_or_company(
    tmp_path: Path, lens: LensSpec, files: list[ImageFile]
) -> None:
    hashes = [file.content_hash for file in files]
    found = []
    for workers, part in ((1, files), (3, files[::-1]), (2, files[5:])):
        home = Home(tmp_path / f"home{workers}", lens)
        home.run(part, workers=workers)
        home.run(files, workers=workers)
        found.append(home.vectors.gather(hashes))
    assert np.array_equal(found[0], found[1])
    assert np.array_equal(found[0], found[2])


def test_damaged_files_become_problems_and_stay_out_of_the_network(
    home: Home, files: list[ImageFile], decoded: list[str]
) -> None:
    folder = files[0].path.parent
    whole = png(50)
    bad = [
        listed(folder, "cut.png", whole[: len(whole) // 2]),
        listed(folder, "empty.png", b""),
        listed(folder, "text.png", b"hello, this is not an image"),
        listed(folder, "cut_again.png", whole[: len(whole) // 2]),
    ]
    summary = home.run([*bad, *files])
    assert (summary.undecodable, summary.measured, summary.embedded, summary.problems) == (3, 27, 27, [])
    problems = home.stats.problems([file.content_hash for file in bad])
    assert problems["unreadable"].all()
    assert problems.height == 3
    assert home.vectors.missing([file.content_hash for file in bad]) == {file.content_hash for file in bad}
    before = len(decoded)
    assert home.run([*bad, *files]).cached == 30, "an image known to be broken is not tried again"
    assert len(decoded) == before
    alone = home.run(bad, stats=None)
    assert {(p.image_id, p.code) for p in alone.problems} >= {("cut.png", "truncated"), ("cut_again.png", "truncated")}


def test_files_that_vanish_or_change_are_named_and_tried_again(home: Home, files: list[ImageFile]) -> None:
    folder = files[0].path.parent
    files[1].path.unlink()
    files[2].path.write_bytes(png(70))
    files[0].path.unlink()  # its copies hold the same bytes
    summary = home.run(files)
    codes = {problem.image_id: problem.code for problem in summary.problems}
    assert codes == {"0.png": "vanished", "1.png": "vanished", "2.png": "changed_while_reading"}
    gone = {files[1].content_hash, files[2].content_hash}
    hashes = [file.content_hash for file in files]
    assert home.stats.missing(hashes) == home.vectors.missing(hashes) == gone
    listed(folder, "1.png", png(1, grey=False))
    assert home.run(files).measured == 1


def test_an_interrupted_pass_goes_on_where_it_stopped(
    home: Home, files: list[ImageFile], decoded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(image_pass, "CHUNK", 8)
    home.lens = replace(home.lens, fixed_batch=8)  # on any machine 27 images are four batches
    written: list[int] = []
    real = VectorStore.write_chunk

    def stop_after_two(self: VectorStore, hashes: list[str], vectors: np.ndarray) -> None:
        written.append(len(hashes))
        if len(written) == 3:
            raise KeyboardInterrupt
        real(self, hashes, vectors)

    monkeypatch.setattr(VectorStore, "write_chunk", stop_after_two)
    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        home.run(files, workers=2)
    assert threading.active_count() == before, "no worker is left running"
    monkeypatch.setattr(VectorStore, "write_chunk", real)
    hashes = [file.content_hash for file in files]
    kept = 27 - len(home.vectors.missing(hashes))
    assert kept == sum(written) - written[2] >= 16, "also what workers had finished when the third chunk failed"
    assert max(written) <= 8 + 8, "chunks are written as soon as they are full"
    assert home.run(files).embedded == 27 - kept
    assert not home.vectors.missing(hashes)


def test_a_fault_in_a_worker_stops_the_pass(
    home: Home, files: list[ImageFile], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(image_work, "channel_statistics", broken)
    before = threading.active_count()
    with pytest.raises(ZeroDivisionError):
        home.run(files, workers=2)
    assert threading.active_count() == before


def test_precision_of_a_store_is_kept_or_the_change_is_told(home: Home, files: list[ImageFile]) -> None:
    home.run(files[:5], precision="fp32")
    assert home.vectors.made_by == "fp32 cpu"
    assert home.run(files[5:10]).warnings == []
    home.vectors.made_by = "mixed cuda"
    (warning,) = home.run(files[10:]).warnings
    assert "mixed cuda" in warning


def test_nothing_due_needs_no_torch_and_no_threads(home: Home, files: list[ImageFile]) -> None:
    home.run(files)
    code = f"""
import sys, threading
from pathlib import Path
from thermal_assets.embedding.image_pass import ImageFile, run_image_pass
from thermal_assets.embedding.stats_store import StatsStore
from thermal_assets.embedding.vector_store import VectorStore
from thermal_assets.lenses.lens_spec import LensSpec
lens = LensSpec.from_dict({home.lens.to_dict()!r})
files = [ImageFile(Path(p), p, h) for p, h in {[(str(f.path), f.content_hash) for f in files]!r}]
threading.Thread.start = None
summary = run_image_pass(files, stats=StatsStore(Path({str(home.root / "stats")!r})), lens=lens,
    vectors=VectorStore(Path({str(home.root / "vectors")!r}), lens.lens_id, lens.dimensions))
print(summary.cached, "torch" in sys.modules)
"""
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.split() == ["27", "False"]


def test_a_huge_file_is_refused_by_its_size(home: Home, files: list[ImageFile]) -> None:
    limits = replace(image_pass.DEFAULT_LIMITS, max_bytes=files[0].path.stat().st_size - 1)
    summary = home.run(files[:1], limits=limits)
    assert summary.undecodable == 1
    assert home.stats.problems([files[0].content_hash])["code"].to_list() == ["too_large_file"]
