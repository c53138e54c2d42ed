"""What the documentation says of every asset, read off the definitions."""

from dataclasses import dataclass

import dagster as dg


@dataclass(frozen=True)
class DescribedAsset:
    """An asset in words."""

    name: str
    group: str
    description: str
    deps: tuple[str, ...]
    partitioned: bool
    automation: str


def described_assets() -> list[DescribedAsset]:
    """Every asset that can be materialized, by group and name."""
    from thermal_assets.definitions import defs

    graph = defs().resolve_asset_graph()
    found = []
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        found.append(
            DescribedAsset(
                name=key.to_user_string(),
                group=node.group_name or "",
                description=(node.description or "").strip(),
                deps=tuple(sorted(parent.to_user_string() for parent in node.parent_keys)),
                partitioned=node.is_partitioned,
                automation=_label(node.automation_condition),
            )
        )
    return sorted(found, key=lambda asset: (asset.group, asset.name))


def _label(condition: dg.AutomationCondition | None) -> str:
    return "" if condition is None else condition.get_label() or "by its automation condition"
