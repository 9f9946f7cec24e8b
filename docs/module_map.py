"""Writes the module map of architecture.md from the first line of each module's docstring.

``python docs/module_map.py`` prints it; with ``--write`` it is put into the page, between its
two markers (``make map``).
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "architecture.md"
PACKAGES = ("events", "market", "agents", "analysis", "sim")
BEGIN = "<!-- module map: made by `make map` -->"
END = "<!-- end of the module map -->"


def module_map() -> str:
    """Return the map: a heading and a list for each package, in the order of the layers."""
    return "\n\n".join(_sections())


def _sections() -> Iterator[str]:
    for top in PACKAGES:
        for folder in sorted(path.parent for path in (ROOT / top).rglob("__init__.py")):
            yield f"**{folder.relative_to(ROOT)}/** {_summary(folder / '__init__.py')}"
            lines = [
                f"- `{module.name}`: {_summary(module)}"
                for module in sorted(folder.glob("*.py"))
                if module.name not in ("__init__.py", "__main__.py")
            ]
            if lines:
                yield "\n".join(lines)


def _summary(path: Path) -> str:
    """Return the first paragraph of a module's docstring, on one line."""
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return " ".join(text.split("\n\n")[0].split())


def written(page: str) -> str:
    """Return the map as a page holds it."""
    return page.split(BEGIN, 1)[1].split(END, 1)[0].strip()


def main() -> None:
    """Print the map, or put it into its page."""
    if "--write" not in sys.argv:
        sys.stdout.write(module_map() + "\n")
        return
    page = PAGE.read_text(encoding="utf-8")
    head, tail = page.split(BEGIN, 1)[0], page.split(END, 1)[1]
    PAGE.write_text(f"{head}{BEGIN}\n\n{module_map()}\n\n{END}{tail}", encoding="utf-8")


if __name__ == "__main__":
    main()
