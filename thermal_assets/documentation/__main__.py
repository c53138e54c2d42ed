"""``python -m thermal_assets.documentation [FOLDER]``: write the generated pages (default: docs/ of the checkout)."""

from __future__ import annotations

import argparse
from pathlib import Path

from thermal_assets.documentation.pages import all_pages
from thermal_assets.reports_sql.folders import checkout_folder


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the generated pages.")
    parser.add_argument("folder", type=Path, nargs="?", default=checkout_folder("docs"), help="default: docs/")
    folder: Path = parser.parse_args().folder
    for name, text in all_pages().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    print(f"{len(all_pages())} pages written to {folder}")


if __name__ == "__main__":
    main()
