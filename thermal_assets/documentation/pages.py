"""Every generated page: file name below docs/ to its text."""

from __future__ import annotations

from thermal_assets.documentation.findings_page import findings_page
from thermal_assets.documentation.markdown import code, page, table
from thermal_assets.documentation.tables import table_pages
from thermal_assets.reporting.definitions import definitions
from thermal_assets.reports_sql.loader import load_project
from thermal_assets.reports_sql.queries import list_queries
from thermal_assets.scorecard.card import COMPOSITE_FORMULA
from thermal_assets.scorecard.measure import Basis
from thermal_assets.scorecard.measures import MEASURES

BY_HAND = {
    "reliability.md": "How far findings can be believed",
    "scale.md": "From 1,000 to 1 million to 1 billion images",
}


def all_pages() -> dict[str, str]:
    """The pages; the one of assets loads the Dagster definitions, which needs no home."""
    pages = {
        **table_pages(),
        "definitions.md": _definitions(),
        "findings.md": findings_page(),
        "scorecard.md": _scorecard(),
        "models.md": _models(),
        "queries.md": _queries(),
        "assets.md": _assets(),
    }
    return {"README.md": _index(pages), **pages}


def _index(pages: dict[str, str]) -> str:
    def title(text: str) -> str:
        return text.splitlines()[0].removeprefix("# ")

    links = [f"- [{title(text)}]({name})" for name, text in pages.items()]
    return page("Documentation", "\n".join([*links, *(f"- [{words}]({name})" for name, words in BY_HAND.items())]))


def _definitions() -> str:
    parts = [f"**{item.term}.** {item.text}" for item in definitions()]
    return page(
        "How every number is defined", "The report prints the same, with the k and the lens of its data set.", *parts
    )


def _scorecard() -> str:
    from thermal_assets.findings.thresholds import Thresholds

    basis = Basis(Thresholds(), window_declared=True)
    parts = [
        "Terms: ISO/IEC 5259-2. A measure's code is named only where it is certain that both count the same. Weights "
        "(1 unless changed) and bounds stand in `[scorecard]` of a profile:",
        "```toml\n[scorecard]\nweights = { readable_files = 2.0, several_distances = 0.0 }\n"
        "good = { readable_files = 0.99 }\nbad = { readable_files = 0.9 }\n```",
        f"The figure over all is {COMPOSITE_FORMULA}. A measure that the data cannot tell has no value and does not count.",
    ]
    for measure in MEASURES.values():
        iso = f" ({measure.iso_code})" if measure.iso_code else ""
        parts.append(
            f"## {measure.title}\n\n`{measure.name}`, {measure.characteristic}{iso}. {measure.meaning}\n\n"
            f"Formula: {measure.formula}. Good from {measure.good:g}, bad down to {measure.bad:g}: {measure.bounds}.\n\n"
            f"```sql\n{measure.sql(basis)}\n```"
        )
    return page("Scorecard", *parts)


def _models() -> str:
    parts = ["The models of `dbt_like_reports/`, as its `schema.yml` describes them."]
    for model in load_project().models.values():
        columns = table(("Column", "Meaning"), [(code(c.name), c.description) for c in model.columns])
        reads = ", ".join(map(code, model.depends_on))
        parts.append(f"## {model.name}\n\n{model.description}\n\nA {model.materialized}; reads {reads}.\n\n{columns}")
    return page("Report models", *parts)


def _queries() -> str:
    rows = [
        (code(query.name), query.title, ", ".join(code(parameter.name) for parameter in query.parameters))
        for query in list_queries()
    ]
    intro = "`thermal-assets sql NAME --home DIR [--param name=value]`, or paste the file into a DuckDB shell."
    return page("Queries", intro, table(("Query", "Question", "Parameters"), rows))


def _assets() -> str:
    from thermal_assets.defs.asset_page import described_assets

    parts = ["Every asset of the Dagster project, in pipeline order of its groups."]
    group = ""
    for asset in described_assets():
        if asset.group != group:
            group = asset.group
            parts.append(f"## {group}")
        notes = [
            "Partitioned by class." if asset.partitioned else "One for the whole data set.",
            f"Reads {', '.join(map(code, asset.deps))}." if asset.deps else "Reads no other asset.",
            f"Runs by itself {asset.automation}." if asset.automation else "Runs when asked for or by a sensor.",
        ]
        parts.append(f"### {asset.name}\n\n{asset.description}\n\n{' '.join(notes)}")
    return page("Assets", *parts)
