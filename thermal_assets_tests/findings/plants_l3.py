"""Facts of neighbours, densities and comparisons to plant in a clean warehouse, one function for each detector."""

from __future__ import annotations

from thermal_assets_tests.findings.fixtures import LENSES, SESSIONS, SmallWarehouse, set_all


def label_contamination(w: SmallWarehouse) -> None:
    rows = w.of("batch_drift", w.names[0])
    examples = [row["image_id"] for row in w.of("file_manifest", w.names[0])[:2]]
    evidence = {"foreign_share": 0.9, "effect": 0.86, "robust_z": 9.0, "q_value": 0.001, "nearest_class": w.names[2],
                "example_ids": examples}  # fmt: skip
    rows[0].update(code_contradicts=True, code_class=w.names[2], object_code="VLV", **evidence)
    rows[1].update(code_contradicts=True, code_class=w.names[2], object_code="VLV")
    rows[2].update(**evidence)


def label_conflicts(w: SmallWarehouse) -> None:
    for rank, row in enumerate(w.of("file_manifest", w.names[3])[:5], start=1):
        identity = {key: row[key] for key in ("image_id", "class_name", "image_key")}
        w.add("label_conflicts", **identity, neighbor_class=w.names[2], neighbor_share=0.95, own_share=0.05, score=0.9,
              typicality=0.7, log_odds=3.0, rank=rank, lens_id=LENSES["L3"])  # fmt: skip
    for other in (w.names[2], "*"):
        w.add("label_noise", class_name=w.names[3], neighbor_class=other, image_count=80, contrary=5, share=0.06, ci_low=0.02,
              ci_high=0.1, sessions=10, neighbor_sessions=10, lens_id=LENSES["L3"])  # fmt: skip


def weak_separation(w: SmallWarehouse) -> None:
    set_all(w.of("separation", normal_class=w.names[0]), separability_auc=0.6, ci_low=0.52, ci_high=0.68)


def distance_effect(w: SmallWarehouse) -> None:
    set_all(w.of("distance_drift", w.names[0]), eta_squared=0.4, spearman=-0.6, p_value=0.004)


def time_drift(w: SmallWarehouse) -> None:
    _domains(w, "from", ("from 2020-11-14 on", "from 2020-12-03 on", "from 2021-01-07 on"))
    _domains(w, "month", ("2020-11", "2020-12", "2021-01"))


def outliers_shared(w: SmallWarehouse) -> None:
    """One image alone, and two near frames of one session (13 and 23) that lie close to each other."""
    odd = (4, 13, 23)
    for row in w.of("class_densities", w.names[0]):
        if row["image_key"] in odd:
            row["density_xs"] = 0.9
            row["density"] = 0.9 if row["image_key"] == 4 else row["density"]
    for row in w.of("class_outliers", w.names[0], side="low"):
        if row["rank"] <= len(odd):
            row["image_key"] = odd[row["rank"] - 1]


def outlier_persistence(w: SmallWarehouse) -> None:
    """Of 25 images, two lists of ten drawn by lot share four: an overlap of five is hardly more."""
    w.of("outlier_persistence", w.names[0])[0].update(images_compared=25, overlap=5)


def session_clump(w: SmallWarehouse) -> None:
    """A session of sixteen images lies twice as far out as its class."""
    gathered_outliers(w, density=0.5)


def gathered_outliers(w: SmallWarehouse, density: float = 0.8) -> None:
    """What lies farthest out is one session of sixteen images, which by itself is no odder than its class."""
    rows = w.of("file_manifest", w.names[0])
    mine = rows[::SESSIONS] + rows[1::SESSIONS]
    set_all(mine, session_id=rows[0]["session_id"])
    keys = {row["image_key"] for row in mine}
    for row in w.of("class_densities", w.names[0], level="L2"):
        if row["image_key"] in keys:
            row["density"], row["density_xs"] = row["density"] * density, row["density_xs"] * density


def shortcuts(w: SmallWarehouse) -> None:
    w.add("shortcut_audit", target="state", subject="pip", feature="palette", auc=0.9, ci_low=0.8, ci_high=0.95,
          telling_value="it's iron", share_positive=0.9, share_negative=0.1, n_positive=80, n_negative=80,
          sessions_positive=10, sessions_negative=10, folds=5)  # fmt: skip
    w.add("shortcut_audit", target="class", subject=w.names[2], feature="distance", auc=0.95, ci_low=0.9, ci_high=0.98, telling_value="5",
          share_positive=0.9, share_negative=0.1, n_positive=80, n_negative=240, sessions_positive=10,
          sessions_negative=30, folds=5)  # fmt: skip
    for name, auc in (("date", 0.69), ("place", None)):
        w.add("shortcut_audit", target="state", subject="vlv", feature=name, auc=auc, telling_value="1",
              share_positive=0.6, share_negative=0.4, n_positive=80, n_negative=80)  # fmt: skip


def place_drift(w: SmallWarehouse) -> None:
    _domains(w, "place", ("A'1", "B", "C"))


def _domains(w: SmallWarehouse, kind: str, values: tuple[str, str, str]) -> None:
    """The first differs; the second may by chance, and the third by too little."""
    ids = [row["image_id"] for row in w.of("file_manifest", w.names[0])][:3]
    for value, auc, q in zip(values, (0.9, 0.9, 0.6), (0.01, 0.2, 0.01), strict=True):
        w.add("domain_drift", class_name=w.names[0], level="L3", kind=kind, value=value, image_count=40, sessions=5,
              sessions_others=5, auc=auc, energy_distance=0.2, p_value=0.005, attainable_p=0.004, q_value=q,
              typical_ids=ids, lens_id=LENSES["L3"])  # fmt: skip


def two_normals(w: SmallWarehouse) -> None:
    for name, auc, ci_low in ((w.names[0], 0.97, 0.9), (w.names[1], 0.95, 0.6), (w.names[2], 0.8, None)):
        w.add("distance_groups", class_name=name, level="L3", nearer_from_m=1.0, nearer_to_m=1.0, farther_from_m=2.0,
              farther_to_m=2.0, images_nearer=40, images_farther=40, sessions_nearer=5, sessions_farther=5, n=40,
              identifiable=True, auc=auc, ci_low=ci_low, lens_id=LENSES["L3"])  # fmt: skip


def run_drift(w: SmallWarehouse) -> None:
    ids = [row["image_id"] for row in w.of("file_manifest", w.names[0])][:3]
    for name, effect, p, attainable in ((w.names[0], 0.95, 0.01, 0.01), (w.names[1], 0.95, 0.4, 0.01)):
        w.add("run_drift", class_name=name, measure="pictures", effect_name="AUC", effect=effect, classifier_auc=0.9,
              p_value=p, attainable_p=attainable, new_images=30, old_images=50, new_sessions=3, old_sessions=7,
              example_ids=ids, statement="they lie apart", lens_id=LENSES["L3"])  # fmt: skip
    w.add("run_drift", class_name=w.names[2], measure="palette", effect_name="share", effect=0.9, before=0.0, now=0.9,
          new_images=30, old_images=50, statement="iron: 90 % of the new", lens_id=LENSES["L3"])  # fmt: skip


def random_lens(w: SmallWarehouse) -> None:
    w.of("lenses", level="L2")[0]["random_weights"] = True
