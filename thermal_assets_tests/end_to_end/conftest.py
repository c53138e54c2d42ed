"""One sample data set and one finished diagnosis, shared by the tests that only look at it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from thermal_assets.synthetic.dataset import write_sample_dataset
from thermal_assets_tests.end_to_end.homes import RANDOM_LENS, thermal_assets

# Four objects, normal and anomalous, that carry the planted faults of files and names: what twenty classes
# would show, in less than half the time.
OBJECTS = ("factory_exterior", "ship", "switchboard", "transport_pipe")


@dataclass(frozen=True)
class Sample:
    """Eight classes of a diagnosed sample data set with planted faults; ``output`` is what the command printed."""

    images: Path
    home: Path
    output: str


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    folder = tmp_path_factory.mktemp("sample")
    write_sample_dataset(folder / "data", 320, 7)
    images, home = folder / "data" / "images", folder / "home"
    for path in images.iterdir():
        if path.is_dir() and not path.name.startswith(OBJECTS):
            shutil.rmtree(path)
    done = thermal_assets("diagnose", images, "--profile", "aihub-235", "--home", home, *RANDOM_LENS)
    return Sample(images, home, done.stdout)
