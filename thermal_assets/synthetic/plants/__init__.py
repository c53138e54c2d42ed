"""Planted faults: what a diagnosis of the sample data set should find."""
