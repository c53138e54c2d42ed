"""When the data-set stage runs by itself."""

import dagster as dg

# eager() waits for every dependency to exist; one class that failed, or is new, must not hold back
# the diagnosis of all others, so that part is taken out. It still waits while upstream runs are in
# progress, which makes it run once, after the last class.
DATASET_STAGE = (
    dg.AutomationCondition.eager()
    .without(~dg.AutomationCondition.any_deps_missing())
    .with_label("after the last class that changed")
)
