"""Judging: measured tables in, findings in plain English out."""
