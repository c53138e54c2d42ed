"""Every table of the warehouse, declared once.

The DDL, the Dagster column schema, the documentation and the published copy derive from
the declarations in tables/. Names and meanings are a promise to people who write SQL: add columns, do not rename them.
"""

from __future__ import annotations

from thermal_assets.warehouse.columns import L3_DIMENSIONS
from thermal_assets.warehouse.schema import Table
from thermal_assets.warehouse.tables.annotations import ANNOTATIONS
from thermal_assets.warehouse.tables.audits import AUDITS
from thermal_assets.warehouse.tables.catalog import CATALOG
from thermal_assets.warehouse.tables.comparisons import COMPARISONS
from thermal_assets.warehouse.tables.gates import GATES
from thermal_assets.warehouse.tables.hygiene import HYGIENE
from thermal_assets.warehouse.tables.image_pass import IMAGE_PASS
from thermal_assets.warehouse.tables.lenses import LENSES
from thermal_assets.warehouse.tables.manifest import MANIFEST
from thermal_assets.warehouse.tables.neighborhood import NEIGHBORS_AND_DENSITY
from thermal_assets.warehouse.tables.results import RESULTS
from thermal_assets.warehouse.tables.scorecard import SCORECARD
from thermal_assets.warehouse.tables.supervised import SUPERVISED
from thermal_assets.warehouse.tables.temperature import TEMPERATURE

__all__ = ["L3_DIMENSIONS", "TABLES"]

TABLES: dict[str, Table] = {
    table.name: table
    for group in (
        CATALOG,
        MANIFEST,
        IMAGE_PASS,
        ANNOTATIONS,
        HYGIENE,
        TEMPERATURE,
        LENSES,
        NEIGHBORS_AND_DENSITY,
        COMPARISONS,
        SUPERVISED,
        AUDITS,
        RESULTS,
        GATES,
        SCORECARD,
    )
    for table in group
}
