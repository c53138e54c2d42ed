"""The SQL models of dbt_like_reports/, built in the warehouse, and their tests."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from thermal_assets.home.layout import Home
from thermal_assets.reports_sql.loader import load_project
from thermal_assets.reports_sql.model import Model, Project
from thermal_assets.reports_sql.running import CheckedTest, build_model, compiled, run_tests
from thermal_assets.steps.outputs import AssetPlan, Output, StepReport
from thermal_assets.steps.step import run_step
from thermal_assets.steps.versions import ALL_PARTITIONS, fingerprint
from thermal_assets.warehouse.contract import TABLES
from thermal_assets.warehouse.transaction import Transaction
from thermal_assets.warehouse.views import VIEWS

_RELATIONS = "SELECT table_name FROM duckdb_tables() UNION SELECT view_name FROM duckdb_views() WHERE NOT internal"


@cache
def sql_project() -> Project:
    """The models of the repository's dbt_like_reports/."""
    return load_project()


@cache
def lineage_of(name: str) -> dict[str, list[tuple[str, str]]]:
    """Column lineage of a model; worked out once a process."""
    from thermal_assets.reports_sql.lineage import column_lineage

    return column_lineage(sql_project(), name)


def assets_read_by(model: Model) -> list[str]:
    """Names of the assets that own what ``model`` reads directly, other models included."""
    tables: set[str] = set()
    for source in model.sources:
        tables.update(VIEWS[source].reads if source in VIEWS else [source])
    owners = {TABLES[table].owner for table in tables}
    return sorted({owner for owner in owners if not owner.startswith("(")} | set(model.refs))


def materialize_sql_models(
    home: Home, run_id: str, selected: frozenset[str]
) -> tuple[dict[str, StepReport], list[CheckedTest]]:
    """Build the ``selected`` models in one transaction, in the order of their references, then run all tests."""
    project = sql_project()

    def compute(due: frozenset[str]) -> dict[str, Output]:
        # In the project's order, so that each model is built after those it reads.
        return {name: Output([], also=_builder(project, name)) for name in project.models if name in due}

    upstream = sorted({asset for model in project.models.values() for asset in assets_read_by(model)})
    plans = [
        AssetPlan(name, "1", {"sql": fingerprint(compiled(project, name)), "kind": model.materialized})
        for name, model in project.models.items()
        if name in selected
    ]
    reports = run_step(
        home,
        run_id,
        plans,
        compute,
        upstream=[(asset, ALL_PARTITIONS) for asset in upstream if asset not in project.models],
    )
    with home.warehouse.read() as connection:
        built = {name for (name,) in connection.execute(_RELATIONS).fetchall()}
        checked = run_tests(connection, project, built.intersection(project.models))
    return reports, checked


def models_read_by(project: Project, name: str) -> list[str]:
    """Models that ``name`` reads, directly or not, each after those it reads itself."""
    needed, pending = set(project.models[name].refs), list(project.models[name].refs)
    while pending:
        more = set(project.models[pending.pop()].refs) - needed
        needed |= more
        pending += more
    return [other for other in project.models if other in needed]


def _builder(project: Project, name: str) -> Callable[[Transaction], int]:
    def build(transaction: Transaction) -> int:
        connection = transaction.connection
        there = {relation for (relation,) in connection.execute(_RELATIONS).fetchall()}
        for other in models_read_by(project, name):
            if other not in there:  # asked for on its own, before the models it reads
                build_model(connection, project, other)
        return build_model(connection, project, name).rows

    return build
