"""When the data-set stage runs by itself."""

import dagster as dg

from thermal_assets.defs.stages import EMBED

# eager() waits for every dependency to exist; one class that failed, or is new, must not hold back
# the diagnosis of all others, so that part is taken out. It still waits while upstream runs are in
# progress, which makes it run after the last class.
_AFTER_CLASSES = dg.AutomationCondition.eager().without(~dg.AutomationCondition.any_deps_missing())

_THERE = ~dg.AutomationCondition.missing() | dg.AutomationCondition.will_be_requested()

# Before any class has been seen through an L3 lens there is nothing to compare: what a first
# diagnosis has read and embedded so far does not set the stage off.
DATASET_STAGE = (
    _AFTER_CLASSES
    & dg.AutomationCondition.any_deps_match(_THERE).ignore(dg.AssetSelection.assets(*EMBED, "image_classes", "l3_lens"))
).with_label("after the last class that changed")

# Models may read tables of the first stage only; they wait for the first findings instead.
SQL_MODELS = (_AFTER_CLASSES & dg.AutomationCondition.asset_matches("findings", _THERE)).with_label(
    "after the last class that changed"
)
