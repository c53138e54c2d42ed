"""Gates of the lenses and their vectors."""

from __future__ import annotations

from thermal_assets.findings.finding import counted, number
from thermal_assets.gates.gate import Gate, GateBasis, Measurement, within
from thermal_assets.progress import reporter

_TABLES = (("l2_embeddings", "embedding"), ("l3_projection", "projection"))
# The inner product of a vector with itself is NaN or infinite if any of its numbers is, and 0 if all are.
_UNUSABLE = (
    "NOT (isfinite(list_inner_product({column}, {column})) AND list_inner_product({column}, {column}) > 0) "
    "OR len({column}) <> (SELECT l.dimensions FROM lenses l WHERE l.lens_id = {table}.lens_id)"
)
_EVIDENCE = "\nUNION ALL ".join(
    f"SELECT '{table}' AS vectors, class_name, image_key FROM {table} WHERE {_UNUSABLE.format(column=column, table=table)}"
    for table, column in _TABLES
)
_IN_FORCE = "SELECT level, lens_id FROM lenses WHERE in_force"
_OTHER_LENS = """
    SELECT v.partition, v.asset, v.lens_id FROM asset_versions v
    WHERE v.asset IN ('l2_embeddings', 'class_outliers') AND v.lens_id <> ''
      AND v.lens_id NOT IN (SELECT lens_id FROM lenses WHERE in_force)
"""


def _usable(basis: GateBasis) -> Measurement:
    classes = [name for (name,) in basis.rows("SELECT class_name FROM class_catalog ORDER BY 1")]
    bad, total, where = 0, 0, []
    told = reporter("checking vectors")
    for index, class_name in enumerate(classes, 1):
        for table, column in _TABLES:  # one class and table at a time: the warehouse is never held for long
            condition = _UNUSABLE.format(column=column, table=table)
            ((rows, wrong),) = basis.rows(
                f"SELECT count(*), count(*) FILTER ({condition}) FROM {table} WHERE class_name = ?", [class_name]
            )
            total, bad = total + rows, bad + wrong
            if wrong and class_name not in where:
                where.append(class_name)
        told(index, len(classes))
    if not total:
        return Measurement(None, "No image has been embedded yet.")
    return Measurement(
        bad,
        f"{number(bad)} of {counted(total, 'vector')} hold no number, infinity, nothing but zeros, or have another length "
        f"than their lens{within(where)}.",
    )


def _one_in_force(basis: GateBasis) -> Measurement:
    levels: dict[str, int] = {}
    for level, _ in basis.rows(_IN_FORCE):
        levels[level] = levels.get(level, 0) + 1
    if not levels:
        return Measurement(None, "No lens has been used yet.")
    extra = sum(count - 1 for count in levels.values())
    in_words = ", ".join(f"{count} at {level}" for level, count in sorted(levels.items()))
    return Measurement(extra, f"Lenses in force: {in_words}; one a level is right.")


def _same_lens(basis: GateBasis) -> Measurement:
    if not basis.rows(_IN_FORCE):
        return Measurement(None, "No lens has been used yet.")
    names = [name for (name,) in basis.rows(f"SELECT DISTINCT partition FROM ({_OTHER_LENS}) ORDER BY 1")]
    return Measurement(
        len(names),
        f"{counted(len(names), 'class', 'classes')} measured through a lens that is not in force{within(names)}.",
    )


GATES = (
    Gate(
        "vectors_usable",
        "l3_lens",
        "Vectors that are no numbers or zero",
        _usable,
        "error",
        0,
        "Distances to such a vector mean nothing.",
        _EVIDENCE,
        ("image_classes", "l2_embeddings", "l3_projection"),
        costly=True,
    ),
    Gate(
        "one_lens_in_force",
        "l3_lens",
        "More than one lens in force at a level",
        _one_in_force,
        "error",
        0,
        "Figures of two lenses cannot be compared.",
        _IN_FORCE,
    ),
    Gate(
        "classes_of_one_lens",
        "l3_lens",
        "Classes measured through another lens",
        _same_lens,
        "warn",
        0,
        "Right while a new lens is on its way; it comes into force once the last class is measured.",
        _OTHER_LENS,
    ),
)
