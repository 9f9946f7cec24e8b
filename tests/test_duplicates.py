"""No ten lines of code stand twice in the packages: what is alike is a function."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("agents", "analysis", "events", "market", "sim")
MOST_LINES = 9
"""Alike, one after the other."""


def code(text: str) -> list[tuple[int, str]]:
    """Return the lines of code with their numbers.

    Docstrings, imports and signatures are none: two that are alike have nothing to share.
    """
    left_out = {number for node in ast.walk(ast.parse(text)) for number in _left_out(node)}
    return [
        (number, line.strip())
        for number, line in enumerate(text.splitlines(), start=1)
        if number not in left_out and line.strip() and not line.strip().startswith("#")
    ]


def _left_out(node: ast.AST) -> range:
    match node:
        case ast.Import() | ast.ImportFrom() | ast.Expr(value=ast.Constant(value=str())):
            return range(node.lineno, (node.end_lineno or 0) + 1)
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return range(node.lineno, max(node.body[0].lineno, node.lineno + 1))
    return range(0)


def twice(paths: Sequence[Path], most: int = MOST_LINES) -> Iterator[str]:
    """Yield where more lines than that stand that stood before."""
    seen: dict[tuple[str, ...], tuple[Path, int]] = {}
    for path in paths:
        lines = code(path.read_text(encoding="utf-8"))
        for first in range(len(lines) - most):
            part = lines[first : first + most + 1]
            here = (path, part[0][0])
            before = seen.setdefault(tuple(line for _, line in part), here)
            if before != here:
                yield f"{here[0]}:{here[1]} is {before[0]}:{before[1]}"


@pytest.mark.slow
def test_no_ten_lines_of_code_stand_twice() -> None:
    paths = sorted(path for one in PACKAGES for path in (ROOT / one).rglob("*.py"))
    assert len(paths) > 500
    assert list(twice(paths)) == []


BODY = "".join(f"    total += step_{number}(total)\n" for number in range(MOST_LINES))


@pytest.mark.parametrize(("more", "found"), [("    return total\n", 1), ("", 0)])
def test_ten_lines_are_found_wherever_they_stand(tmp_path: Path, more: str, found: int) -> None:
    one, other = tmp_path / "one.py", tmp_path / "other.py"
    one.write_text(f'def f(total):\n    """Say one thing."""\n{BODY}{more}')
    other.write_text(
        f"import math\n\n\nclass A:\n  def g(self,\n  total):\n    # why\n{BODY}{more}"
    )
    assert len(list(twice([one, other]))) == found
    assert len(list(twice([one]))) == 0
