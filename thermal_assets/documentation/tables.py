"""Pages of tables and views, from the COMMENTs of the contract."""

from __future__ import annotations

from collections import defaultdict

from thermal_assets.documentation.markdown import code, page, table
from thermal_assets.warehouse import contract, views
from thermal_assets.warehouse.schema import Table, View

# Pages follow the files below warehouse/tables/; a table in a file that is not named here gets a page of its own name.
_TITLES = {
    "CATALOG": "Classes",
    "MANIFEST": "Files and changes",
    "IMAGE_PASS": "Pixels and L2 features",
    "ANNOTATIONS": "Annotations",
    "HYGIENE": "Quality of pictures",
    "TEMPERATURE": "Temperatures",
    "LENSES": "Lenses and L3 features",
    "NEIGHBORS_AND_DENSITY": "Neighbours, density, outliers",
    "COMPARISONS": "Comparisons, drift, labels, copies",
    "RESULTS": "Findings and books",
    "GATES": "Gates",
    "SCORECARD": "Scorecard",
}


def table_pages() -> dict[str, str]:
    """File name to text: one page a group of tables, and one for the views."""
    pages = {}
    for group, tables in table_groups().items():
        parts = [_table(item) for item in tables]
        pages[f"tables/{group.lower()}.md"] = page(_TITLES.get(group, group.replace("_", " ").capitalize()), *parts)
    pages["tables/views.md"] = page(
        "Views", "What people query first: bulky tables joined, lens in force only.", *map(_view, views.VIEWS.values())
    )
    return pages


def table_groups() -> dict[str, list[Table]]:
    """Name of a group in the contract to its tables, in the order of the contract; every table is in one."""
    owner = {
        table.name: name
        for name, value in vars(contract).items()
        if name.isupper() and isinstance(value, tuple)
        for table in value
    }
    groups: dict[str, list[Table]] = defaultdict(list)
    for item in contract.TABLES.values():
        groups[owner[item.name]].append(item)
    return dict(groups)


def _table(item: Table) -> str:
    notes = [f"Key: {', '.join(map(code, item.key))}.", f"Written by {code(item.owner.strip('()'))}."]
    if item.append_only:
        notes.append("Rows are only ever added.")
    if item.vectors:
        notes.append("Published in `published_vectors.duckdb`.")
    columns = [(code(c.name), c.type, "yes" if c.nullable else "", c.comment) for c in item.columns]
    columns_table = table(("Column", "Type", "May be NULL", "Meaning"), columns)
    return f"## {item.name}\n\n{item.description}\n\n{' '.join(notes)}\n\n{columns_table}"


def _view(item: View) -> str:
    columns = table(("Column", "Meaning"), [(code(c.name), c.comment) for c in item.columns])
    return f"## {item.name}\n\n{item.description}\n\nReads {', '.join(map(code, item.reads))}.\n\n{columns}"
