"""Fixtures for every test."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

# Test processes side by side, each with a thread for every core, would mostly wait for each other. Read when
# torch and numpy are loaded, here and in the processes that tests start.
_SIDE_BY_SIDE = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
if _SIDE_BY_SIDE > 1:
    os.environ.setdefault("OMP_NUM_THREADS", str(max((os.cpu_count() or 1) // _SIDE_BY_SIDE, 1)))

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """Folder of real data sets and lenses beside the checkout; tests that need it are skipped without it."""
    shared = REPOSITORY.parent / "shared"
    if not (shared / "data").is_dir():
        pytest.skip("no folder ../shared with real images beside this checkout")
    return shared


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long tests first: begun last, they would keep one process busy while the others have nothing left."""
    items.sort(key=lambda item: "end_to_end" not in item.path.parts)
