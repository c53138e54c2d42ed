"""Lenses that come as programs: TorchScript and torch.export files with a TOML beside them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from thermal_assets.embedding.engine import Embedder
from thermal_assets.errors import UserError
from thermal_assets.lenses.networks import resolve_lens
from thermal_assets.lenses.pseudo_images import pseudo_images

SIDE, DIMENSION = 32, 48
TOML = f"input_size = {SIDE}\nmean = 0.5\nstd = [0.25, 0.25, 0.25]\ndimension = {DIMENSION}\n"
IMAGES = pseudo_images(7, SIDE, 3)


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, np.ndarray]:
    """Folder with one small network as TorchScript, exported for any batch and for four; its unit vectors of IMAGES."""
    import torch

    folder = tmp_path_factory.mktemp("programs")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        network = torch.nn.Sequential(
            torch.nn.Conv2d(3, DIMENSION, 5, 4), torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(1)
        ).eval()
    four = torch.zeros(4, 3, SIDE, SIDE)
    torch.jit.trace(network, four).save(folder / "script.pt")
    any_batch = ({0: torch.export.Dim("n")},)
    torch.export.save(torch.export.export(network, (four,), dynamic_shapes=any_batch), folder / "any.pt2")
    torch.export.save(torch.export.export(network, (four,)), folder / "four.pt2")
    for path in list(folder.iterdir()):
        path.with_name(path.name + ".toml").write_text(TOML + ("batch_size = 4\n" if path.stem == "four" else ""))
    batch = (torch.from_numpy(IMAGES).permute(0, 3, 1, 2) / 255 - 0.5) / 0.25
    with torch.inference_mode():
        wanted = torch.nn.functional.normalize(network(batch).flatten(1)).numpy()
    return folder, wanted


@pytest.mark.parametrize("name", ["script.pt", "any.pt2", "four.pt2"])
def test_a_program_makes_the_vectors_of_its_network(programs: tuple[Path, np.ndarray], name: str) -> None:
    folder, wanted = programs
    spec = resolve_lens("mobilenet_v2", folder / name)
    assert (spec.source, spec.dimensions, spec.input_size) == ("program", DIMENSION, SIDE)
    assert spec.lens_id.startswith(f"{name.partition('.')[0]}-{spec.weights_sha256[:12]}-")
    embedder = Embedder(spec, device="cpu")
    found = embedder.embed(IMAGES)
    assert np.abs(found - wanted).max() < 1e-5
    assert np.array_equal(found, np.concatenate([embedder.embed(image[None]) for image in IMAGES]))


def test_what_does_not_fit_is_one_line(programs: tuple[Path, np.ndarray], tmp_path: Path) -> None:
    folder, _ = programs

    def refused(name: str, toml: str | None) -> str:
        path = tmp_path / name
        beside = path.with_name(path.name + ".toml")
        beside.unlink(missing_ok=True) if toml is None else beside.write_text(toml)
        with pytest.raises(UserError) as caught:
            resolve_lens("mobilenet_v2", path)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    for name in ("script.pt", "four.pt2"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    (tmp_path / "text.pt2").write_text("no program")
    assert "write script.pt.toml beside it with input_size, mean, std, dimension" in refused("script.pt", None)
    assert "missing: dimension" in refused("script.pt", TOML.partition("dimension")[0])
    assert "correct the TOML" in refused("script.pt", TOML.replace("48", "50"))
    assert "unknown setting 'width'" in refused("script.pt", TOML + "width = 3\n")
    assert "say batch_size there" in refused("four.pt2", TOML)
    assert "not a program" in refused("text.pt2", TOML)
