"""Every gate, by name."""

from __future__ import annotations

from thermal_assets.gates import freshness, hygiene, judgements, vectors
from thermal_assets.gates.gate import Gate

GATES: dict[str, Gate] = {
    gate.name: gate for gate in (*hygiene.GATES, *vectors.GATES, *judgements.GATES, *freshness.GATES)
}
