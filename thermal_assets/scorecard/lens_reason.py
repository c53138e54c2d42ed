"""Why a measure that needs a lens may have no value."""

from __future__ import annotations

from thermal_assets.warehouse.ddl import literal


def lens_reason(asset: str, not_yet: str) -> str:
    """SELECT of one row, column ``reason``: NULL if a trained lens is in force and ``asset`` was materialized.

    Pictures seen through random weights lie near each other for reasons of the program, not of the
    data set, so nothing is concluded from them.
    """
    return f"""
        SELECT CASE WHEN count(*) = 0 THEN 'no lens is in force yet'
                    WHEN bool_or(random_weights) THEN 'the lens has random weights'
                    WHEN NOT EXISTS (FROM asset_versions WHERE asset = {literal(asset)}) THEN {literal(not_yet)}
               END AS reason
        FROM lenses WHERE in_force"""
