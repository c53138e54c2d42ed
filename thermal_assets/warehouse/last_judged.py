"""The thresholds that views judge by: those of the profile, as findings were last judged by them."""

from __future__ import annotations


def last_judged(name: str, default: float) -> str:
    """SQL of the value of threshold ``name``; ``default`` before anything was judged."""
    return f"coalesce((SELECT max(value) FROM thresholds WHERE name = '{name}'), {default})"
