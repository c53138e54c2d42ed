"""``python -m thermal_assets.documentation [FOLDER]``: write the generated pages (default: docs/ of the checkout)."""

from __future__ import annotations

import sys
from pathlib import Path

from thermal_assets.documentation.pages import all_pages
from thermal_assets.reports_sql.folders import checkout_folder


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else checkout_folder("docs")
    for name, text in all_pages().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    print(f"{len(all_pages())} pages written to {folder}")


if __name__ == "__main__":
    main()
