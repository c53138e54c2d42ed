"""The pages of Embedding Atlas, made to draw on WebGL 2 where the browser cannot do what their WebGPU path needs.

The viewer takes WebGPU wherever the browser knows the name. Many browsers do, and then give no adapter (no graphics
card, a driver on the block list) or none with 16-bit shaders, and the map stays empty. So its page asks first.
"""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from pathlib import Path

_MAIN = re.compile(r'<script type="module"[^>]*\bsrc="([^"]+)"[^>]*></script>')
_ASK_FIRST = """<script type="module">
      const adapter = await navigator.gpu?.requestAdapter().catch(() => null);
      if (!adapter?.features.has("shader-f16"))
        Object.defineProperty(Navigator.prototype, "gpu", { get: () => undefined });
      await import("MAIN");
    </script>"""


def viewer_pages(tool: list[str], target: Path) -> Path | None:
    """Copy the pages of the installed viewer to ``target``, asking for WebGPU first; None if they are not as known.

    ``tool`` is the command of the viewer; it may live in an environment of its own.
    """
    source = _installed_pages(tool)
    if source is None:
        return None
    index = (source / "index.html").read_text(encoding="utf-8")
    changed, count = _MAIN.subn(lambda match: _ASK_FIRST.replace("MAIN", match[1]), index)
    if count != 1:
        return None
    shutil.copytree(source, target, dirs_exist_ok=True)
    (target / "index.html").write_text(changed, encoding="utf-8")
    return target


def _installed_pages(tool: list[str]) -> Path | None:
    """The folder of index.html: beside the package here, or beside the one of the command's own interpreter."""
    spec = importlib.util.find_spec("embedding_atlas")
    package = Path(spec.origin).parent if spec and spec.origin else _package_of(Path(tool[0]))
    pages = package / "static" if package else None
    return pages if pages and (pages / "index.html").is_file() else None


def _package_of(script: Path) -> Path | None:
    try:
        first = script.resolve().open("rb").readline().decode(errors="replace").strip()
        interpreter = first.removeprefix("#!")
        if interpreter == first or not Path(interpreter).is_file():
            return None
        question = "import importlib.util; print(importlib.util.find_spec('embedding_atlas').origin)"
        told = subprocess.run([interpreter, "-c", question], capture_output=True, text=True, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return Path(told.stdout.strip()).parent
