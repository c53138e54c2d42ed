"""Facts to plant in a clean warehouse: each function of ``PLANTS`` adds the one its detector is for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from thermal_assets.warehouse.contract import TABLES
from thermal_assets_tests.findings import plants_l3
from thermal_assets_tests.findings.fixtures import PLAIN, SmallWarehouse, clean, set_all


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


PLANTS: dict[str, Callable[[SmallWarehouse], None]] = {
    plant.__name__: plant
    for plant in (
        annotation_contradictions, annotation_values, annotation_files,
        unreadable_files, stray_files, names_invalid, outside_declared_ranges, state_contradictions, channel_mix,
        constant_alpha, blank_images, image_quality, pixel_defects, overlays, name_conflicts, temperature_limits,
        class_imbalance, tiny_classes, unexpected_class, duplicate_files,
        two_labels_one_picture, near_copies,
        plants_l3.label_contamination, plants_l3.label_conflicts, plants_l3.weak_separation,
        plants_l3.distance_effect, plants_l3.time_drift, plants_l3.outliers_shared, plants_l3.outlier_persistence,
        plants_l3.session_clump, plants_l3.random_lens, plants_l3.shortcuts, plants_l3.place_drift,
        plants_l3.two_normals, plants_l3.run_drift,
    )
}  # fmt: skip


def planted(names: tuple[str, ...] = PLAIN, vectors: bool = False) -> SmallWarehouse:
    """The clean warehouse with every plant that can stand beside the others."""
    w = clean(names, vectors)
    for name, plant in PLANTS.items():
        if name not in ("class_imbalance", "constant_alpha"):  # these two overwrite what others plant
            plant(w)
    return w
