"""Facts to plant in a clean warehouse: each function of ``PLANTS`` adds the one its detector is for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from thermal_assets.warehouse.contract import TABLES
from thermal_assets_tests.findings.fixtures import LENSES, PLAIN, SESSIONS, SmallWarehouse, clean


def set_all(rows: list[dict[str, Any]], **values: Any) -> None:
    assert rows, "a plant must find the rows it changes"
    for row in rows:
        row.update(values)


def lose(w: SmallWarehouse, name: str, count: int) -> None:
    for row in w.of("file_manifest", name)[-count:]:
        for table in TABLES:
            if "image_key" in TABLES[table].column_names and table not in ("file_manifest", "decode_problems"):
                w.drop(table, row["image_key"])
        identity = {key: row[key] for key in ("image_id", "class_name", "image_key")}
        w.add("decode_problems", **identity, stage="decode", code="truncated", message="the file ends too early")


def unreadable_files(w: SmallWarehouse) -> None:
    lose(w, w.names[0], 8)


def stray_files(w: SmallWarehouse) -> None:
    w.add("stray_files", image_id="left'over.PNG", image_key=99, stage="catalog", code="outside_class_folder",
          message="move it")  # fmt: skip


def names_invalid(w: SmallWarehouse) -> None:
    set_all(w.of("file_manifest", w.names[0])[:3], tokens_valid=False, token_problems=["bad_date: 20.13.40's no date"])


def outside_declared_ranges(w: SmallWarehouse) -> None:
    row = w.of("file_manifest", w.names[1])[5]
    row.update(tokens_valid=False, token_problems=["outside_window: 2021-03-15 is not between 2020-09-01 and ..."])


def state_contradictions(w: SmallWarehouse) -> None:
    set_all(w.of("file_manifest", w.names[1])[:4], state_code="NOM")


def channel_mix(w: SmallWarehouse) -> None:
    set_all(w.of("channel_stats", w.names[1])[:60], mode="RGBA", channel_count=4, has_alpha=True, alpha_constant=False)


def constant_alpha(w: SmallWarehouse) -> None:
    set_all(w.of("channel_stats"), mode="RGBA", channel_count=4, has_alpha=True, alpha_constant=True)


def blank_images(w: SmallWarehouse) -> None:
    set_all(w.of("channel_stats", w.names[2])[:2], minimum=7.0, maximum=7.0)


def image_quality(w: SmallWarehouse) -> None:
    for row in w.of("channel_stats", w.names[2])[:3]:
        identity = {key: row[key] for key in ("image_id", "class_name", "image_key")}
        for measure, value, usual in (("brightness", 0.05, 0.4), ("contrast", 0.01, 0.2), ("sharpness", 1e-5, 0.01)):
            w.add("image_quality", **identity, measure=measure, value=value, group_median=usual, robust_z=-9.0,
                  direction="low", compared_with="class", group_images=80, group_sessions=10)  # fmt: skip


def pixel_defects(w: SmallWarehouse) -> None:
    set_all(w.of("channel_stats", w.names[0])[:3], stuck_rows=2, stuck_columns=0, dead_pixels=0)
    set_all(w.of("channel_stats", w.names[1])[:3], stuck_rows=0, stuck_columns=0, dead_pixels=7)


def overlays(w: SmallWarehouse) -> None:
    set_all(w.of("channel_stats", w.names[1])[:40], overlay_fraction=0.02)
    set_all(w.of("channel_stats", w.names[2])[:3], colour_bar="right")


def name_conflicts(w: SmallWarehouse) -> None:
    first, second, third, fourth = w.of("file_manifest", w.names[0])[:4]
    second.update({name: first[name] for name in ("frame_id", "session_id", "frame_number", "bbox_index")})
    third["object_code"] = w.of("class_catalog", w.names[2])[0]["object_code"]
    fifth = next(row for row in w.of("file_manifest", w.names[2])[1:])
    fifth.update(distance_m=77.0, session_id=w.of("file_manifest", w.names[2])[0]["session_id"])
    fifth["frame_number"] = w.of("file_manifest", w.names[2])[0]["frame_number"]
    other = w.of("file_manifest", w.names[1])[3]
    other.update({name: fourth[name] for name in ("frame_id", "session_id", "frame_number", "file_name")})


def temperature_limits(w: SmallWarehouse) -> None:
    for position, row in enumerate(w.of("channel_stats", w.names[1])[:6]):
        identity = {key: row[key] for key in ("image_id", "class_name", "image_key")}
        source = "radiometric" if position == 5 else "palette, annotated range"
        w.add("temperatures", **identity, source=source, max_c=90.0, error_k=2.0)
        w.add("temperature_violations", **identity, rule="tolerance: max_c at most 80", basis="tolerance",
              quantity="max_c", value=90.0, limit_value=80.0, side="above", unit="degC", exceeds_by=10.0,
              error_k=None if source == "radiometric" else 2.0, beyond_error=position != 4, source=source)  # fmt: skip


def annotation_problem(w: SmallWarehouse, code: str, field: str, index: int, images: int, **values: str | None) -> None:
    for row in w.of("file_manifest", w.names[index])[:images]:
        w.add("annotation_problems", class_name=row["class_name"], image_id=row["image_id"], subject=row["image_id"],
              code=code, field=field, message="it's wrong", **values)  # fmt: skip


def annotation_contradictions(w: SmallWarehouse) -> None:
    annotation_problem(w, "distance_differs", "Inspection_distance", 0, 6, expected="5 m", found="2.5 m")
    annotation_problem(w, "bbox_size_differs", "bbox", 1, 2, expected="64 x 48", found="80 x 48")


def annotation_values(w: SmallWarehouse) -> None:
    annotation_problem(w, "empty_field", "Wind", 2, 2, found="")
    annotation_problem(w, "outside_range", "Humidity", 1, 1, expected="0 to 100 %", found="130 %")


def annotation_files(w: SmallWarehouse) -> None:
    annotation_problem(w, "image_without_annotation", "", 3, 2)
    for name in w.names:  # one file above the class folders: told once
        w.add("annotation_problems", class_name=name, subject="annotations/b.json", code="not_utf8", message="CP949")
        w.add("annotation_files", class_name=name, source_file="annotations/all's.json", shared=True,
              image_entries=330, matched_images=80)  # fmt: skip


def class_imbalance(w: SmallWarehouse) -> None:
    for name in w.names[:3]:  # ten times the rows of three classes; the fourth keeps its 80
        for row in w.of("channel_stats", name):
            for copy in range(1, 10):
                twin = {**row, "image_id": f"{row['image_id']}.{copy}", "image_key": row["image_key"] + 10_000 * copy}
                w.add("channel_stats", **twin)


def tiny_classes(w: SmallWarehouse) -> None:
    w.add("class_catalog", class_name="한개", partition_key="한개", expected=True)
    for i in range(40):
        identity = {
            "image_id": f"한개/{i}.png",
            "class_name": "한개",
            "image_key": 9_000_001 + i,
            "content_hash": f"{i}",
        }
        w.add("file_manifest", **identity, file_name=f"{i}.png")
        w.add("channel_stats", **identity, mode="RGB", bit_depth=8, minimum=0.0, maximum=9.0)


def unexpected_class(w: SmallWarehouse) -> None:
    w.of("class_catalog", w.names[3])[0]["expected"] = False


def copies(w: SmallWarehouse, kind: str, rows: list[dict[str, Any]], distance: float = 0.0) -> None:
    same = len({row["class_name"] for row in rows}) == 1
    for position, row in enumerate(rows):
        w.add("duplicates", group_id=f"{kind}:{rows[0]['image_id']}", kind=kind, image_id=row["image_id"],
              class_name=row["class_name"], keeper=position == 0, distance=distance if position else 0.0,
              diameter=distance, group_size=len(rows), same_class=same, same_session=False)  # fmt: skip


def duplicate_files(w: SmallWarehouse) -> None:
    copies(w, "file", w.of("file_manifest", w.names[0])[:3])


def two_labels_one_picture(w: SmallWarehouse) -> None:
    for kind in ("file", "pixels"):
        copies(w, kind, [w.of("file_manifest", w.names[0])[0], w.of("file_manifest", w.names[1])[0]])
    copies(w, "near", [w.of("file_manifest", w.names[2])[1], w.of("file_manifest", w.names[3])[1]], 0.04)


def near_copies(w: SmallWarehouse) -> None:
    for start in range(0, 40, 4):
        copies(w, "near", w.of("file_manifest", w.names[2])[start : start + 4], 0.03)


def label_contamination(w: SmallWarehouse) -> None:
    rows = w.of("batch_drift", w.names[0])
    examples = [row["image_id"] for row in w.of("file_manifest", w.names[0])[:2]]
    evidence = {"foreign_share": 0.9, "effect": 0.86, "robust_z": 9.0, "q_value": 0.001, "nearest_class": w.names[2],
                "picture_contradicts": True, "example_ids": examples}  # fmt: skip
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
    for row in w.of("class_densities", w.names[0]):
        if row["image_key"] in (3, 4):
            row["density"] = row["density_xs"] = 0.9
    for row in w.of("class_outliers", w.names[0], side="low"):
        if row["rank"] in (1, 2):
            row["image_key"] = 2 + row["rank"]


def outlier_persistence(w: SmallWarehouse) -> None:
    """Of 25 images, two lists of ten drawn by lot share four: an overlap of five is hardly more."""
    w.of("outlier_persistence", w.names[0])[0].update(images_compared=25, overlap=5)


def session_clump(w: SmallWarehouse) -> None:
    """One session holds the outliers, and all of it lies far out."""
    gathered_outliers(w)
    keys = [row["image_key"] for row in w.of("file_manifest", w.names[0])][::SESSIONS]
    for row in w.of("class_densities", w.names[0], level="L2"):
        if row["image_key"] in keys:
            row["density"], row["density_xs"] = row["density"] / 2, row["density_xs"] / 2


def gathered_outliers(w: SmallWarehouse) -> None:
    """Most of the outliers are of one session, which is no odder than its class."""
    keys = [row["image_key"] for row in w.of("file_manifest", w.names[0])][::SESSIONS]
    for row in w.of("class_outliers", w.names[0], side="low", level="L2"):
        if row["rank"] <= 7:
            row["image_key"] = keys[row["rank"] - 1]


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


PLANTS: dict[str, Callable[[SmallWarehouse], None]] = {
    plant.__name__: plant
    for plant in (
        annotation_contradictions, annotation_values, annotation_files,
        unreadable_files, stray_files, names_invalid, outside_declared_ranges, state_contradictions, channel_mix,
        constant_alpha, blank_images, image_quality, pixel_defects, overlays, name_conflicts, temperature_limits,
        class_imbalance, tiny_classes, unexpected_class, duplicate_files,
        two_labels_one_picture, near_copies, label_contamination, label_conflicts, weak_separation, distance_effect,
        time_drift, outliers_shared, outlier_persistence, session_clump, random_lens,
        shortcuts, place_drift, two_normals, run_drift,
    )
}  # fmt: skip


def planted(names: tuple[str, ...] = PLAIN, vectors: bool = False) -> SmallWarehouse:
    """The clean warehouse with every plant that can stand beside the others."""
    w = clean(names, vectors)
    for name, plant in PLANTS.items():
        if name not in ("class_imbalance", "constant_alpha"):  # these two overwrite what others plant
            plant(w)
    return w
