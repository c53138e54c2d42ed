"""A home in the state that follows the image pass: manifest and L2 embeddings of every class, no image file."""

from __future__ import annotations

from pathlib import Path

from benchmarks.full_scale.population import (
    BLOCK,
    DIMENSIONS,
    class_sizes,
    content_hashes,
    image_names,
    vector_blocks,
)
from thermal_assets.embedding.vector_store import VectorStore
from thermal_assets.home.layout import Home, create_home
from thermal_assets.home.settings import HomeSettings
from thermal_assets.lenses.state import lens_row, register_lens
from thermal_assets.manifest.build import _frame
from thermal_assets.manifest.identity import image_keys, partition_key_of
from thermal_assets.manifest.scanning import SeenFile
from thermal_assets.steps import images
from thermal_assets.steps.classes import materialize_image_classes
from thermal_assets.steps.outputs import AssetPlan, Output, Slice, VectorSlice
from thermal_assets.steps.step import run_step
from thermal_assets.steps.versions import fingerprint

LENS_ID = "full-scale-clusters"
PROFILE = "aihub-235"


def make_home(folder: Path) -> Home:
    """A home below ``folder`` with the 20 classes of the model case."""
    root = folder / "images"
    for name, *_ in classes(1):
        (root / name).mkdir(parents=True, exist_ok=True)
    home = create_home(folder / "home", HomeSettings(image_root=str(root), profile=PROFILE))
    materialize_image_classes(home, "full scale")
    return home


def classes(count: int) -> list[tuple[str, str, str, int, int]]:
    """(class, code, state, number of the object, images) of every class, for ``count`` images in all."""
    from thermal_assets.profile import load_profile

    profile = load_profile(PROFILE)
    sizes = class_sizes(count)
    rules = sorted(profile.classes, key=lambda rule: (rule.state != "normal", rule.folder))
    objects = sorted({rule.object for rule in profile.classes})
    words = {"normal": "NOM", "anomaly": "AON"}
    return [
        (rule.folder, str(rule.code), words[str(rule.state)], objects.index(rule.object), size)
        for rule, size in zip(rules, sizes, strict=True)
    ]


def prepare_class(home: Home, class_name: str, code: str, state: str, number: int, size: int, new: int = 0) -> None:
    """Write file_manifest and l2_embeddings of one class, the vectors first as a pass over images would.

    ``new``: so many more images than the ``size`` that was there before.
    """
    names = image_names(code, state, number, size + new)
    ids = [f"{class_name}/{name}" for name in names]
    hashes = content_hashes(names)
    store = VectorStore(home.vectors, LENS_ID, DIMENSIONS)
    for first, last in ((0, size), (size, size + new)):
        if not store.missing(hashes[first:last]):
            continue
        blocks = vector_blocks(number, state == "AON", last, first)
        for start, vectors in zip(range(first, last, BLOCK), blocks, strict=True):
            part = hashes[start : min(start + BLOCK, last)]
            if store.missing(part):
                store.write_chunk(part, vectors)
    seen = [SeenFile(image_id, b"", 50_000, 0) for image_id in ids]
    seen.sort(key=lambda item: item.image_id)
    files = _frame(seen, dict(zip(ids, hashes, strict=True)), class_name, home.profile)
    partition = partition_key_of(class_name)
    where = {"class_name": class_name}
    run_step(
        home,
        "full scale",
        [AssetPlan("file_manifest", "1", always=True)],
        lambda due: {"file_manifest": Output([Slice("file_manifest", files, where)], version=fingerprint(hashes))},
        partition=partition,
    )
    lens = lens_row(
        lens_id=LENS_ID,
        level="L2",
        name="clusters of benchmarks.full_scale",
        weights_sha256=None,
        random_weights=True,
        input={},
        dimensions=DIMENSIONS,
        real_dimensions=DIMENSIONS,
        metric={"density": "euclidean"},
        fitted_on="nothing: made for measuring",
        parameters={},
    )
    wanted = files.select("image_key", "class_name", "content_hash").with_columns(lens_id=_literal(LENS_ID))
    assert (wanted["image_key"].to_numpy() == image_keys(files["image_id"])).all()
    vectors_slice = VectorSlice(
        "l2_embeddings", wanted, images.vector_blocks(store, "embedding"), {**where, "lens_id": LENS_ID}
    )
    run_step(
        home,
        "full scale",
        [AssetPlan("l2_embeddings", "1", {"lens": LENS_ID})],
        lambda due: {
            "l2_embeddings": Output([vectors_slice], LENS_ID, also=lambda transaction: register_lens(transaction, lens))
        },
        partition=partition,
        upstream=[("file_manifest", partition)],
    )


def _literal(value: str):  # type: ignore[no-untyped-def]
    import polars as pl

    return pl.lit(value)
