"""Endurance: the real deployment under kills, drops, parallel backfills, a full disk and a million files.

Every module is one command, ``python -m benchmarks.endurance.<name>``, prints a plain table and exits
non-zero when a condition that must hold does not. ``python -m benchmarks.endurance`` runs them all.
"""
