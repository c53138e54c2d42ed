"""The command line: it prepares a home and runs the project's jobs; the Dagster UI can do all the rest."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from thermal_assets.cli.console import err, out
from thermal_assets.errors import UserError

app = typer.Typer(
    help="Diagnose large thermal-image data sets; every number is kept in DuckDB.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

ImageDir = Annotated[
    Path, typer.Argument(help="Folder with one folder per class; it is only read.", show_default=False)
]
HomeDir = Annotated[
    Path | None,
    typer.Option(
        "--home", envvar="THERMAL_ASSETS_HOME", help="Folder for everything written. Default: ./<image folder>-home."
    ),
]
ProfileName = Annotated[
    str | None, typer.Option("--profile", help="Shipped profile (folders, aihub-235, ...) or a .toml file of your own.")
]
LensName = Annotated[
    str | None,
    typer.Option(
        "--lens",
        help="thermal_mobilenet (in the package), a classifier of torchvision (mobilenet_v2, resnet50, ...), or random-... "
        "for trying out. Default: mobilenet_v2 if its ImageNet weights are on this machine, else thermal_mobilenet.",
    ),
]
LensWeights = Annotated[
    Path | None, typer.Option("--lens-weights", help="File with the weights of the network, or a program (.pt, .pt2).")
]
LensMean = Annotated[
    str | None, typer.Option("--lens-mean", help="Normalisation of the weights: mean of r,g,b in 0..1, or one number.")
]
LensStd = Annotated[str | None, typer.Option("--lens-std", help="Standard deviation of r,g,b, or one number.")]
Workers = Annotated[int | None, typer.Option("--workers", min=1, help="Decoding workers. Default: one per core.")]
Annotations = Annotated[
    Path | None,
    typer.Option(
        "--annotations", help="Folder of AI Hub or COCO JSON with one folder per class, or one COCO file; only read."
    ),
]


@app.command()
def init(
    directory: Annotated[Path, typer.Argument(help="The home to make.")],
    images: Annotated[Path, typer.Option("--images", help="Folder with one folder per class.")],
    profile: ProfileName = None,
    lens: LensName = None,
    lens_weights: LensWeights = None,
    lens_mean: LensMean = None,
    lens_std: LensStd = None,
    workers: Workers = None,
    annotations: Annotations = None,
) -> None:
    """Make a home: the folder that holds warehouse, vectors, reports and the Dagster history of one data set."""
    from thermal_assets.cli.prepare import prepare_home

    home = prepare_home(images, directory, profile, lens, lens_weights, lens_mean, lens_std, workers, annotations)
    out.print(
        f"The home {home.root} is ready. Next: thermal-assets ui --home {home.root}", highlight=False, soft_wrap=True
    )


@app.command()
def diagnose(
    image_dir: ImageDir,
    profile: ProfileName = None,
    home: HomeDir = None,
    lens: LensName = None,
    lens_weights: LensWeights = None,
    lens_mean: LensMean = None,
    lens_std: LensStd = None,
    workers: Workers = None,
    annotations: Annotations = None,
    gate: Annotated[bool, typer.Option("--gate", help="Exit with code 3 if a gate of severity ERROR fails.")] = False,
) -> None:
    """Diagnose a folder of thermal images: every class, then the data set, through Dagster."""
    from thermal_assets.cli.diagnose import diagnose as run
    from thermal_assets.cli.gates import failed_gates, print_gates
    from thermal_assets.cli.prepare import default_home, prepare_home
    from thermal_assets.cli.summary import print_summary

    directory = home or default_home(image_dir)
    opened = prepare_home(image_dir, directory, profile, lens, lens_weights, lens_mean, lens_std, workers, annotations)
    result = run(opened)
    print_summary(opened, result)
    if gate:
        print_gates(opened)
    if result.errors:
        raise typer.Exit(1)
    if gate and failed_gates(opened):
        raise typer.Exit(3)


@app.command()
def ui(
    home: HomeDir = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 3000,
) -> None:
    """Open a home in the Dagster UI, with the daemon that runs backfills, sensors and automation."""
    from thermal_assets.cli.ui import serve
    from thermal_assets.home.layout import open_home

    if home is None:
        raise UserError("which home? Give --home DIR, or set THERMAL_ASSETS_HOME")
    serve(open_home(home), host, port)


@app.command()
def synth(
    directory: Annotated[Path, typer.Argument(help="Folder to write; images go to DIR/images.")],
    images: Annotated[int, typer.Option(min=20, help="How many images.")] = 1600,
    seed: Annotated[int, typer.Option(help="The same seed gives the same images.")] = 7,
    clean: Annotated[bool, typer.Option("--clean", help="Plant nothing: a data set without a fault.")] = False,
) -> None:
    """Write a sample data set of pseudo-colour thermal crops with planted faults (truth.json says which)."""
    from thermal_assets.cli.console import stage_display
    from thermal_assets.progress import reporter
    from thermal_assets.synthetic.dataset import write_sample_dataset

    with stage_display(1):
        write_sample_dataset(directory, images, seed, clean, progress=reporter("drawing images"))
    out.print(
        f"{images} images in {directory / 'images'}, truth in {directory / 'truth.json'}",
        highlight=False,
        soft_wrap=True,
    )


@app.command()
def sql(
    name: Annotated[str | None, typer.Argument(help="Query of sql/, by name or number; left out: list them.")] = None,
    home: HomeDir = None,
    param: Annotated[list[str] | None, typer.Option("--param", help="name=value, repeatable.")] = None,
) -> None:
    """Run one of the queries of sql/ on the published warehouse of a home."""
    from thermal_assets.cli.sql import run_sql

    run_sql(home, name, param or [])


@app.command()
def export(
    to: Annotated[Path, typer.Option("--to", help="Folder to write; new, empty, or (with --force) an older export.")],
    home: HomeDir = None,
    formats: Annotated[
        str, typer.Option(help="Of parquet, csv, coco, label-studio, fiftyone, imagefolder; commas between.")
    ] = "parquet,csv",
    classes: Annotated[list[str] | None, typer.Option(help="This class only; repeatable.")] = None,
    splits: Annotated[str, typer.Option(help="Shares of train,validation,test, or of train,test.")] = "0.7,0.15,0.15",
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same split.")] = 0,
    drop_budget: Annotated[
        int | None, typer.Option(min=0, help="Drop exactly the N most suspect images; the others are for review.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an older export.")] = False,
) -> None:
    """Write keep, review and drop lists, class weights and session-honest splits; no image is moved or deleted."""
    from thermal_assets.cli.export import run_export

    run_export(home, to, formats, classes or [], splits, seed, drop_budget, force)


@app.command("audit-split")
def audit_split(
    file: Annotated[
        Path, typer.Argument(help="CSV or Parquet with file and split, a folder of parts, or a folder of COCO files.")
    ],
    home: HomeDir = None,
    file_column: Annotated[str | None, typer.Option(help="Column with the file; found by its usual names.")] = None,
    split_column: Annotated[str | None, typer.Option(help="Column with the part; found by its usual names.")] = None,
    train: Annotated[
        str | None, typer.Option(help="The part that is trained on. Default: train, or the largest.")
    ] = None,
    allow: Annotated[
        float, typer.Option(min=0, max=1, help="Share of leaked images up to which the exit code is 0.")
    ] = 0,
    out_file: Annotated[Path | None, typer.Option("--out", help="Write it to a .csv, .json or .html file too.")] = None,
) -> None:
    """Check a split for leakage by session, frame, copies and neighbours. Exit code 3: it leaks."""
    from thermal_assets.cli.audit import run_audit

    code = run_audit(home, file, file_column, split_column, train, allow, out_file)
    if code:
        raise typer.Exit(code)


@app.command()
def explore(
    home: HomeDir = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 5055,
    images: Annotated[int, typer.Option(min=1, help="At most so many images, drawn by hash.")] = 20_000,
    layout: Annotated[str, typer.Option(help="pca (as in the report), or tsne for up to 5,000 images.")] = "pca",
) -> None:
    """Open an interactive map of the images: pictures, filters, neighbours, SQL (in Embedding Atlas)."""
    from thermal_assets.cli.explore import run_explore

    code = run_explore(home, host, port, images, layout)
    if code:
        raise typer.Exit(code)


@app.command()
def compare(
    home_a: Annotated[Path, typer.Argument(help="The one home.")],
    home_b: Annotated[Path, typer.Argument(help="The other: another data set, or the same one at another time.")],
    out_file: Annotated[
        Path | None, typer.Option("--out", help="HTML file to write. Default: compare-A-B.html here.")
    ] = None,
) -> None:
    """Set two homes side by side in figures without a unit: shares, ratios, AUCs, scores."""
    from thermal_assets.cli.compare import run_compare

    run_compare(home_a, home_b, out_file)


@app.command()
def profiles() -> None:
    """List the profiles that come with the package."""
    from thermal_assets.profile import load_profile, shipped_profiles

    for name in shipped_profiles():
        out.print(f"{name:16} {load_profile(name).title}", highlight=False)


def main() -> None:
    """Entry point: a user's error is one line and exit code 2, never a traceback."""
    try:
        app(standalone_mode=True)
    except UserError as error:
        err.print(f"thermal-assets: {error}", style="red", highlight=False, markup=False, soft_wrap=True)
        sys.exit(2)
    except KeyboardInterrupt:
        err.print("stopped; everything committed so far is kept, the next call goes on from there", highlight=False)
        sys.exit(130)
