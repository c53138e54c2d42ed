"""Version of everything this package measures."""

from __future__ import annotations

# Raised by hand whenever the same file would give another number, hash, palette name or problem code:
# stored results are kept under this version, and a stale one would mix two definitions in one table.
STATS_VERSION: str = "9"
