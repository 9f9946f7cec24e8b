"""How many lines of code a module has, without those that only explain it.

    python -m campaign.weights

A table of the packages in which rules live (`campaign.mutants.packages`), each with its tests.
"""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterable, Iterator
from pathlib import Path

from campaign.mutants.packages import PACKAGES, ROOT

_NO_CODE = frozenset(
    (
        *(tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE),
        *(tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER),
    )
)


def lines(source: str) -> int:
    """Return how many lines of a module hold code: no empty ones, comments and docstrings."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    code = {
        line
        for token in tokens
        if token.type not in _NO_CODE
        for line in range(token.start[0], token.end[0] + 1)
    }
    return len(code.difference(_explaining(ast.parse(source))))


def _explaining(tree: ast.Module) -> Iterator[int]:
    """The lines of docstrings, those of attributes too: texts that stand by themselves."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield from range(node.lineno, (node.end_lineno or node.lineno) + 1)


def weights(root: Path = ROOT) -> dict[str, tuple[int, int]]:
    """Return for each package the lines of its code and of its tests."""

    def all_of(files: Iterable[str]) -> int:
        return sum(lines((root / file).read_text(encoding="utf-8")) for file in files)

    return {
        name: (all_of(one.modules(root)), all_of(one.test_files(root)))
        for name, one in PACKAGES.items()
    }


if __name__ == "__main__":
    print(f"{'package':12}{'code':>8}{'tests':>8}{'ratio':>8}")
    for package, (code, tests) in weights().items():
        print(f"{package:12}{code:8,}{tests:8,}{tests / code:8.2f}")
