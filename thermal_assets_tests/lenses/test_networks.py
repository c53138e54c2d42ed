"""Finding lens weights, and what is said when they are missing or are no weights."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import urllib.error
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from thermal_assets.errors import UserError
from thermal_assets.lenses.downloads import cached_weights
from thermal_assets.lenses.lens_spec import ARCHITECTURES, AUTOMATIC, PACKAGED, LensSpec
from thermal_assets.lenses.networks import load_network, resolve_lens
from thermal_assets.lenses.packaged import described, packaged_weights

RANDOM = "random-mobilenet_v2"


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A MobileNetV2 checkpoint with a classifier of seven classes."""
    import torch
    import torchvision

    path = tmp_path_factory.mktemp("weights") / "seven.pth"
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        torch.save(torchvision.models.mobilenet_v2(num_classes=7).state_dict(), path)
    return path


def features(spec: LensSpec) -> np.ndarray:
    import torch

    from thermal_assets.lenses.pseudo_images import pseudo_images

    batch = torch.from_numpy(pseudo_images(4, 96, 11)).permute(0, 3, 1, 2).float().div(127.5).sub(1)
    with torch.inference_mode():
        return load_network(spec)(batch).numpy()


@pytest.mark.parametrize("architecture", [*ARCHITECTURES, "resnet18"])
def test_random_weights_give_features_that_tell_images_apart(architecture: str) -> None:
    spec = resolve_lens(f"random-{architecture}", input_size=96)
    found = features(spec)
    assert found.shape == (4, 512 if architecture == "resnet18" else 1280) == (4, spec.dimensions)
    assert np.isfinite(found).all()
    assert (found.std(axis=0) > 1e-3).mean() > 0.5, "most features must differ between images"
    unit = found / np.linalg.norm(found, axis=1, keepdims=True)
    assert (unit @ unit.T)[np.triu_indices(4, 1)].max() < 0.999


def test_random_weights_depend_on_the_seed_alone() -> None:
    import torch

    first = resolve_lens(RANDOM, seed=1)
    torch.manual_seed(99)
    again = resolve_lens(RANDOM, seed=1)
    other = resolve_lens(RANDOM, seed=2)
    assert first == again
    assert first.random_weights
    assert first.lens_id != other.lens_id
    assert np.array_equal(features(first), features(again))


def test_a_classifier_of_any_size_is_ignored(classifier: Path) -> None:
    spec = resolve_lens("mobilenet_v2", classifier, mean=0.5, std=0.5)
    assert features(spec).shape == (4, 1280)
    assert (spec.source, spec.mean, spec.random_weights) == ("file", (0.5, 0.5, 0.5), False)
    assert spec.weights_sha256 == hashlib.sha256(classifier.read_bytes()).hexdigest()


def test_lens_id_follows_weights_and_input_but_not_the_place_of_the_file(classifier: Path, tmp_path: Path) -> None:
    copied = tmp_path / "elsewhere.pth"
    copied.write_bytes(classifier.read_bytes())
    spec = resolve_lens("mobilenet_v2", classifier, mean=0.5, std=0.5)
    assert resolve_lens("mobilenet_v2", copied, mean=0.5, std=0.5).lens_id == spec.lens_id
    assert resolve_lens("mobilenet_v2", classifier, mean=0.4, std=0.5).lens_id != spec.lens_id
    assert resolve_lens("mobilenet_v2", classifier, mean=0.5, std=0.5, input_size=160).lens_id != spec.lens_id
    assert spec.lens_id.startswith(f"mobilenet_v2-{spec.weights_sha256[:12]}-")


def test_spec_survives_json(classifier: Path) -> None:
    for spec in (resolve_lens("mobilenet_v2", classifier), resolve_lens(RANDOM)):
        again = LensSpec.from_dict(json.loads(json.dumps(spec.to_dict())))
        assert again == spec
        assert again.lens_id == spec.lens_id


def test_normalisation_beside_the_weights(classifier: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    weights = tmp_path / "w.pth"
    weights.write_bytes(classifier.read_bytes())
    default = resolve_lens("mobilenet_v2", weights)
    assert default.mean == (0.485, 0.456, 0.406)
    assert "w.pth.toml" in caplog.text
    (tmp_path / "w.pth.toml").write_text("input_size = 160\nmean = 0.5\nstd = [0.5, 0.4, 0.3]\n")
    beside = resolve_lens("mobilenet_v2", weights)
    assert (beside.input_size, beside.mean, beside.std) == (160, (0.5, 0.5, 0.5), (0.5, 0.4, 0.3))
    assert resolve_lens("mobilenet_v2", weights, mean=0.1).mean == (0.1, 0.1, 0.1)
    (tmp_path / "w.pth.toml").write_text("means = 0.5\n")
    with pytest.raises(UserError, match="unknown setting 'means'"):
        resolve_lens("mobilenet_v2", weights)


def test_files_that_are_no_weights_are_named_in_one_line(classifier: Path, tmp_path: Path) -> None:
    import torch

    whole = classifier.read_bytes()
    poisoned = torch.load(classifier, weights_only=True)
    poisoned["features.0.0.weight"][0] = float("nan")
    torch.save(poisoned, tmp_path / "nan.pth")
    torch.save({"a": 1}, tmp_path / "numbers.pth")
    (tmp_path / "text.pth").write_text("not weights\n")
    (tmp_path / "cut.pth").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "empty.pth").write_bytes(b"")
    expected = {
        "text.pth": "not a PyTorch state dict",
        "cut.pth": "not a PyTorch state dict",
        "empty.pth": "not a PyTorch state dict",
        "numbers.pth": "holds no state dict",
        "nan.pth": "not finite",
        "missing.pth": "cannot be read",
    }
    for name, reason in expected.items():
        with pytest.raises(UserError, match=reason) as caught:
            resolve_lens("mobilenet_v2", tmp_path / name)
        assert name in str(caught.value)
        assert "\n" not in str(caught.value)
    with pytest.raises(UserError, match="are not weights of efficientnet_b0"):
        resolve_lens("efficientnet_b0", classifier)


def test_any_network_of_torchvision_with_a_file_of_weights(tmp_path: Path) -> None:
    import torch
    import torchvision

    whole = torchvision.models.resnet18(num_classes=5).eval()
    torch.save(whole.state_dict(), tmp_path / "r.pth")
    spec = resolve_lens("resnet18", tmp_path / "r.pth", input_size=64, mean=0.5, std=0.5)
    assert (spec.dimensions, spec.source) == (512, "file")
    batch = torch.rand(2, 3, 64, 64)
    with torch.inference_mode():
        assert torch.allclose(whole.fc(load_network(spec)(batch)), whole(batch), atol=1e-5)
    with pytest.raises(UserError, match="not weights of resnet34"):
        resolve_lens("resnet34", tmp_path / "r.pth", input_size=64)


def test_the_packaged_lens_is_found_by_name_and_where_nothing_else_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    spec = resolve_lens(AUTOMATIC)
    assert spec == resolve_lens(PACKAGED)
    assert packaged_weights().stat().st_size <= 6_000_000
    assert (spec.name, spec.source, spec.weights, spec.dimensions) == (PACKAGED, "package", None, 1280)
    found = features(spec)
    unit = found / np.linalg.norm(found, axis=1, keepdims=True)
    assert (unit @ unit.T)[np.triu_indices(4, 1)].max() < 0.99
    assert "held out" in described(spec)
    cached = cached_weights("mobilenet_v2")
    cached.parent.mkdir(parents=True)
    import torch
    import torchvision

    torch.save(torchvision.models.mobilenet_v2().state_dict(), cached)
    assert resolve_lens(AUTOMATIC).source == "torchvision"


def test_weights_that_changed_since_the_lens_was_chosen_are_refused(classifier: Path, tmp_path: Path) -> None:
    spec = resolve_lens("mobilenet_v2", classifier)
    other = tmp_path / "other.pth"
    other.write_bytes(classifier.read_bytes() + b" ")
    with pytest.raises(UserError, match="changed since"):
        load_network(replace(spec, weights=str(other)))


def test_unknown_names_and_settings(classifier: Path) -> None:
    with pytest.raises(UserError, match="did you mean resnet50"):
        resolve_lens("resnet5")
    with pytest.raises(UserError, match="no last linear layer"):
        resolve_lens("random-squeezenet1_0", input_size=64)
    with pytest.raises(UserError, match="brings its weights"):
        resolve_lens(PACKAGED, classifier)
    with pytest.raises(UserError, match="untrained weights by definition"):
        resolve_lens(RANDOM, classifier)
    with pytest.raises(UserError, match="input_size"):
        resolve_lens(RANDOM, input_size=5)
    with pytest.raises(UserError, match="std"):
        resolve_lens(RANDOM, std=0)


def test_offline_names_three_ways_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def offline(*_: object, **__: object) -> None:
        raise urllib.error.URLError("no route")

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr("thermal_assets.lenses.downloads._resolve", lambda host: None)
    monkeypatch.setattr("urllib.request.urlopen", offline)
    with pytest.raises(UserError) as caught:
        resolve_lens("mobilenet_v2")
    message = str(caught.value)
    assert "\n" not in message
    for way_out in ("mobilenet_v2-7ebf99e0.pth", str(tmp_path), "--lens-weights", "--lens random-mobilenet_v2"):
        assert way_out in message
    assert not [path for path in tmp_path.rglob("*") if path.is_file()], "no half download stays behind"


def test_download_is_checked_and_kept_in_the_hub_cache(tmp_path: Path) -> None:
    from thermal_assets.lenses.downloads import _download

    source = tmp_path / "source"
    source.write_bytes(b"weights")
    good = tmp_path / "cache" / f"net-{hashlib.sha256(b'weights').hexdigest()[:8]}.pth"
    _download(source.as_uri(), good)
    assert good.read_bytes() == b"weights"
    with pytest.raises(ValueError, match="damaged"):
        _download(source.as_uri(), tmp_path / "cache" / "net-00000000.pth")
    assert list((tmp_path / "cache").iterdir()) == [good]


def test_specs_are_cheap_to_import() -> None:
    code = (
        "import sys, thermal_assets.lenses.networks, thermal_assets.embedding.image_pass; print('torch' in sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "False"
