"""The jobs: the stages of a diagnosis, each launchable from the UI, by a sensor and by the command line."""

import dagster as dg

from thermal_assets.defs.stages import EMBED, MEASURE
from thermal_assets.gates.catalog import GATES

STAGE_TAG = "thermal_assets/stage"

embed_class = dg.define_asset_job(
    "embed_class",
    selection=dg.AssetSelection.assets(*EMBED),
    tags={STAGE_TAG: "class"},
    description="One class from its files to its L2 embeddings: what a first diagnosis needs before the L3 lens.",
)

measure_class = dg.define_asset_job(
    "measure_class",
    selection=dg.AssetSelection.assets(*MEASURE),
    tags={STAGE_TAG: "class"},
    description="One class from its L2 embeddings to its outliers and drift, through the newest L3 lens.",
)

refresh_class = dg.define_asset_job(
    "refresh_class",
    selection=dg.AssetSelection.assets(*EMBED, *MEASURE),
    tags={STAGE_TAG: "class"},
    description="The whole chain of one class, through the L3 lens there is; computes only what changed.",
)

# The gates belong to the data-set stage; a job that writes one of its assets only does not judge them.
refit_l3_lens = dg.define_asset_job(
    "refit_l3_lens",
    selection=dg.AssetSelection.assets("l3_lens").without_checks(),
    tags={STAGE_TAG: "dataset"},
    description="Fit the L3 lens anew on all classes; in force once every class went through measure_class.",
)

list_classes = dg.define_asset_job(
    "list_classes",
    selection=dg.AssetSelection.assets("image_classes").without_checks(),
    tags={STAGE_TAG: "dataset"},
    description="Which class folders there are; a class whose folder is gone leaves. Sets the data-set stage off.",
)

diagnose_dataset = dg.define_asset_job(
    "diagnose_dataset",
    selection=(dg.AssetSelection.all() | dg.AssetSelection.all_asset_checks())
    - dg.AssetSelection.assets(*EMBED, *MEASURE, "l3_lens").without_checks(),
    tags={STAGE_TAG: "dataset"},
    description="Everything that needs all classes: neighbours, comparisons, findings, gates, SQL models, report, "
    "publishing.",
)

judge_gates = dg.define_asset_job(
    "judge_gates",
    selection=dg.AssetSelection.assets("gate_results")
    | dg.AssetSelection.checks(*(dg.AssetCheckKey(dg.AssetKey(gate.asset), gate.name) for gate in GATES.values())),
    tags={STAGE_TAG: "dataset"},
    description="Judge the gates as things are now, age and image folder included; measures nothing else.",
)
