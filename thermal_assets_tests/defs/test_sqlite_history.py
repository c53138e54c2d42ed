"""What a command says when Dagster's history cannot be written."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import create_engine, exc, text

from thermal_assets.defs.sqlite_history import cheap_history


def test_a_full_disk_is_told_in_one_line(tmp_path: Path) -> None:
    with cheap_history(tmp_path):
        engine = create_engine(f"sqlite:///{tmp_path / 'history.db'}", hide_parameters=True)
        with engine.connect() as connection:
            connection.execute(text("CREATE TABLE events (line TEXT)"))
            connection.execute(text("PRAGMA max_page_count = 3"))  # SQLite's own full disk
            with pytest.raises(exc.OperationalError, match="disk is full") as failure:
                connection.execute(text("INSERT INTO events SELECT hex(randomblob(100000))"))
        engine.dispose()
    assert "Background" not in str(failure.value)
