"""Every table of the warehouse, declared once.

The DDL, the Dagster column schema, the documentation and the published copy derive from
the declarations in tables/. Names and meanings are a promise to people who write SQL: add columns, do not rename them.
"""

from __future__ import annotations

from thermal_assets.warehouse.columns import L2_DIMENSIONS, L3_DIMENSIONS
from thermal_assets.warehouse.schema import Table
from thermal_assets.warehouse.tables.catalog import CATALOG
from thermal_assets.warehouse.tables.comparisons import COMPARISONS
from thermal_assets.warehouse.tables.image_pass import IMAGE_PASS
from thermal_assets.warehouse.tables.lenses import LENSES
from thermal_assets.warehouse.tables.manifest import MANIFEST
from thermal_assets.warehouse.tables.neighborhood import NEIGHBORS_AND_DENSITY
from thermal_assets.warehouse.tables.results import RESULTS

__all__ = ["L2_DIMENSIONS", "L3_DIMENSIONS", "TABLES"]

TABLES: dict[str, Table] = {
    table.name: table
    for group in (CATALOG, MANIFEST, IMAGE_PASS, LENSES, NEIGHBORS_AND_DENSITY, COMPARISONS, RESULTS)
    for table in group
}
