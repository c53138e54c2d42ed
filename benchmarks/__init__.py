"""Figures about speed and memory: ratios against peers or bounds, measured in one run. ``python -m benchmarks``."""
