"""The scorecard."""

from __future__ import annotations

from thermal_assets.warehouse.schema import Table, column, required

SCORECARD = (
    Table(
        "scorecard",
        "One row per quality measure, in the terms of ISO/IEC 5259-2; the row 'composite' is the figure over all.",
        (
            required("place", "INTEGER", "Order in which it is shown; 0 = the composite"),
            required("measure", "VARCHAR", "Short name; weights and bounds of the profile refer to it"),
            required("characteristic", "VARCHAR", "Data quality characteristic of ISO/IEC 5259-2 that it stands for"),
            column(
                "iso_code",
                "VARCHAR",
                "Code of the measure of ISO/IEC 5259-2 that it follows; NULL where none is certain",
            ),
            required("title", "VARCHAR", "What it is the share of"),
            required("meaning", "VARCHAR", "Why it matters, in plain English"),
            required("formula", "VARCHAR", "How it is computed"),
            column("value", "DOUBLE", "0 to 1, 1 = best; the composite 0 to 100; NULL where the data cannot tell"),
            column("reason", "VARCHAR", "Why there is no value; NULL where there is one"),
            required("good", "DOUBLE", "Good from this value on"),
            required("bad", "DOUBLE", "Bad down to this value"),
            required("bounds_basis", "VARCHAR", "Where the two bounds come from"),
            column("points", "DOUBLE", "0 at bad, 1 at good, linear in between: what the composite adds up"),
            required("verdict", "VARCHAR", "'good', 'look', 'bad' or 'no value'"),
            required("weight", "DOUBLE", "Weight in the composite; a measure without a value is not counted"),
            required("evidence_sql", "VARCHAR", "The query that gives the value; runs as it is"),
        ),
        key=("measure",),
        owner="scorecard",
    ),
)
