"""Every measure of the scorecard, in the order in which it is shown."""

from __future__ import annotations

from thermal_assets.scorecard.collection import COLLECTION
from thermal_assets.scorecard.labels import LABELS
from thermal_assets.scorecard.measure import CHARACTERISTICS, Measure
from thermal_assets.scorecard.pictures import PICTURES

MEASURES: dict[str, Measure] = {
    measure.name: measure
    for measure in sorted(
        (*COLLECTION, *PICTURES, *LABELS), key=lambda measure: CHARACTERISTICS.index(measure.characteristic)
    )
}
