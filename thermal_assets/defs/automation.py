"""When the data-set stage runs by itself: once, after the last class that changed.

``image_classes`` is the root of the stage and alone looks at the classes; every other asset of the
stage is due in the same evaluation as it, and so in the same run.
"""

from functools import reduce
from operator import or_
from typing import Any

import dagster as dg

from thermal_assets.defs.stages import EMBED, MEASURE

ROOT = "image_classes"
# Untyped: Dagster's hints do not let conditions of assets and of checks be combined, though they can be.
_Condition: Any = dg.AutomationCondition
_CLASS_STAGE = dg.AssetSelection.assets(*EMBED, *MEASURE, "l3_lens")


def _any_class(condition: Any) -> Any:
    """True if ``condition`` holds for any class at any asset of the class stage."""
    return reduce(or_, (_Condition.asset_matches(asset, condition) for asset in (*EMBED, *MEASURE)))


# A class on its way, from the moment its run is queued, holds the stage back; a class that failed does not.
_CLASS_UNDER_WAY = (
    _any_class(_Condition.in_progress()) | _Condition.asset_matches("l3_lens", _Condition.in_progress())
).with_label("a class is under way")

# Before any class has been seen through an L3 lens there is nothing to compare: what a first
# diagnosis has read and embedded so far does not set the stage off.
_SEEN_THROUGH_L3 = _Condition.asset_matches(MEASURE[0], ~_Condition.missing()).with_label("a class was seen through L3")

# The stage ends with these two. Until then a run of it that somebody started is not overtaken: its
# assets that are done already would be due again, without those that are not.
_STAGE_UNDER_WAY = reduce(
    or_, (_Condition.asset_matches(asset, _Condition.in_progress()) for asset in ("report", "published"))
).with_label("the data-set stage is under way")

DATASET_ROOT = (
    # The version, not the event: a class that was run and found unchanged sets nothing off.
    _any_class(_Condition.data_version_changed()).with_label("a class changed").since_last_handled()
    & _SEEN_THROUGH_L3
    & ~_CLASS_UNDER_WAY
    & ~_STAGE_UNDER_WAY
    & ~_Condition.in_progress()
).with_label("after the last class that changed")

# Not eager(): that waits for every dependency to exist, and one class that failed, or is new, must not
# hold back the diagnosis of all others.
DATASET_STAGE = (
    (
        _Condition.newly_missing()
        | _Condition.asset_matches(
            ROOT,
            _Condition.will_be_requested() | (_Condition.newly_updated() & ~_Condition.executed_with_root_target()),
        ).with_label("the stage begins")
        | _Condition.any_deps_updated().ignore(_CLASS_STAGE)
    ).since_last_handled()
    & _SEEN_THROUGH_L3
    & ~_STAGE_UNDER_WAY
    # Otherwise what does not read the list of classes would go ahead of what does, in a run of its own.
    & ~_Condition.asset_matches(ROOT, _Condition.in_progress()).with_label("the classes are being listed")
    & ~_Condition.any_deps_in_progress()
    & ~_Condition.in_progress()
).with_label("with the data-set stage")

# Checks have no rows that others read: they go with the table of the gates and nothing else.
_GATES_JUDGED = _Condition.asset_matches(
    "gate_results",
    _Condition.will_be_requested() | (_Condition.newly_updated() & ~_Condition.executed_with_root_target()),
)
WITH_GATES = (_GATES_JUDGED.since_last_handled() & ~_STAGE_UNDER_WAY & ~_Condition.in_progress()).with_label(
    "with the gates"
)
