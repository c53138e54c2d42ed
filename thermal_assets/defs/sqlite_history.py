"""Making Dagster's SQLite history cheap for a process that runs many small steps.

Dagster opens, commits and closes an SQLite connection for every event. Closing the last connection
of a file folds its write-ahead log into it with several disk flushes, and every commit flushes once
more: on a common disk that is most of the time of a small step. Inside ``cheap_history`` commits
are flushed in groups (``synchronous=NORMAL``: a killed process loses nothing, a power cut at most
the last events, and the files stay consistent either way), and one idle connection a file is kept
open, so that folding happens once, at the end.
"""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine, ExceptionContext


@contextlib.contextmanager
def cheap_history(root: Path) -> Iterator[None]:
    """Apply the above to every SQLite file below ``root`` that this process opens inside the block."""
    keepers: dict[str, sqlite3.Connection] = {}

    def on_connect(connection: Any, _record: Any) -> None:
        if not isinstance(connection, sqlite3.Connection):
            return
        path = connection.execute("PRAGMA database_list").fetchone()[2]
        if not path or not Path(path).is_relative_to(root):
            return
        connection.execute("PRAGMA synchronous=NORMAL")
        if path not in keepers:
            keeper = sqlite3.connect(path, check_same_thread=False)
            # Dagster asks for the same mode a moment later. Only a connection that has read in this
            # mode counts as one that keeps the file in use.
            keeper.execute("PRAGMA journal_mode=WAL").fetchone()
            keeper.execute("SELECT count(*) FROM sqlite_master").fetchone()
            keepers[path] = keeper

    event.listen(Engine, "connect", on_connect)
    event.listen(Engine, "handle_error", _in_one_line)
    try:
        yield
    finally:
        event.remove(Engine, "handle_error", _in_one_line)
        event.remove(Engine, "connect", on_connect)
        for keeper in keepers.values():
            keeper.close()


def _in_one_line(context: ExceptionContext) -> None:
    """Dagster prints such an error (a full disk) as it is: without the second line, the address of a web page."""
    if context.sqlalchemy_exception is not None:
        context.sqlalchemy_exception.code = None
