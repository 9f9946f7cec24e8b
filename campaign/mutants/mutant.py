"""Mutants of a module: each the text of one node of its syntax tree, replaced by an operator.

All around it stays as it is. Left alone is what no test of behaviour can see: annotations,
docstrings, imports, decorators and the keywords of classes (mypy sees those), and the texts of
tables outside functions, which are data.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Iterator
from hashlib import sha256

import msgspec

from campaign.mutants.operators import called, changes

UNSEEN_CALLS = frozenset({"assert_never", "cast", "NewType", "TypeVar", "ParamSpec"})
"""Calls for the type checker alone."""

UNSEEN_NAMES = frozenset({"__all__", "__slots__"})


class Mutant(msgspec.Struct, frozen=True, kw_only=True):
    """One small change of a module.

    Parameters
    ----------
    path : str
        The module's file, relative to the root of the repository.
    scope : str
        The function or class that it is in; "" outside of all.
    operator : str
        Which kind of change it is.
    start, end : int
        The bytes of the file that are replaced.
    before, after : str
        The text there, and what comes in its place.
    nth : int
        Which of those that are alike in all of the above but their place, from 0.
    lines : tuple of int
        First and last line of the statement it is in; empty if that may run only once: on import,
        in a function that remembers what it returned, or in one that either calls.
    """

    path: str
    scope: str
    operator: str
    start: int
    end: int
    before: str
    after: str
    nth: int
    line: int
    lines: tuple[int, ...]

    @property
    def key(self) -> str:
        """What it is known by; it stays while code around it moves."""
        parts = (self.path, self.scope, self.operator, self.before, self.after, str(self.nth))
        return sha256("\0".join(parts).encode()).hexdigest()[:10]

    def applied(self, source: bytes) -> bytes:
        """Return the text of the module with the change."""
        return source[: self.start] + self.after.encode() + source[self.end :]


def mutants(path: str, source: bytes) -> list[Mutant]:
    """Return all mutants of a module in the order of their places; a few may be no Python."""
    tree = ast.parse(source)
    walk = _Walk(source, _run_once(tree))
    walk.visit(tree)
    seen: Counter[tuple[str, ...]] = Counter()
    found = []
    for scope, operator, node, after, lines in walk.found:
        start, end = walk.place(node)
        before = source[start:end].decode()
        alike = (scope, operator, before, after)
        found.append(
            Mutant(
                path=path,
                scope=scope,
                operator=operator,
                start=start,
                end=end,
                before=before,
                after=after,
                nth=seen[alike],
                line=node.lineno,
                lines=lines,
            )
        )
        seen[alike] += 1
    return sorted(found, key=lambda one: (one.start, one.end, one.operator, one.after))


def compiles(source: bytes) -> bool:
    """Whether a text is Python: a text that was joined to others may be replaced by one too few."""
    try:
        compile(source, "mutant", "exec", dont_inherit=True)
    except SyntaxError:
        return False
    return True


Located = ast.expr | ast.stmt
Found = tuple[str, str, Located, str, tuple[int, ...]]
"""Scope, operator, the node that is replaced, by what, the lines of the statement."""


class _Walk(ast.NodeVisitor):
    """Goes through a module and keeps each change that an operator offers."""

    def __init__(self, source: bytes, once: frozenset[str]) -> None:
        self.found: list[Found] = []
        self._once = once
        self._starts = [0]
        for line in source.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))
        self._scope: list[str] = []
        self._functions = self._cached = 0
        self._lines: tuple[int, int] = (0, 0)

    def place(self, node: Located) -> tuple[int, int]:
        """Return the bytes of a node."""
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return (
            self._starts[node.lineno - 1] + node.col_offset,
            self._starts[node.end_lineno - 1] + node.end_col_offset,
        )

    # -- what is gone through, and what is not -----------------------------------------------------

    def visit(self, node: ast.AST) -> None:
        """Offer the changes of a node, and go on below it."""
        if isinstance(node, ast.stmt):
            if _is_unseen(node):
                return
            self._lines = _head(node)
        if isinstance(node, ast.stmt | ast.expr):
            for operator, after in changes(node, inside=self._functions > 0):
                self._offer(operator, node, after)
        if isinstance(node, ast.If | ast.While) and not isinstance(node.test, ast.Compare):
            self._offer("condition", node.test, f"(not ({ast.unparse(node.test)}))")
        super().visit(node)

    def _offer(self, operator: str, node: Located, after: str) -> None:
        lines = self._lines if self._functions and not self._cached else ()
        self.found.append((".".join(self._scope), operator, node, after, lines))

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        """Defaults run where the function is defined; its body runs when it is called."""
        for default in (*node.args.defaults, *node.args.kw_defaults):
            if default is not None:
                self.visit(default)
        self._scope.append(node.name)
        self._functions += 1
        cached = any(_remembers(one) for one in node.decorator_list)
        cached = cached or node.name in self._once
        self._cached += cached
        for statement in node.body:
            self.visit(statement)
        self._cached -= cached
        self._functions -= 1
        self._scope.pop()

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815 - `ast` names it

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """Neither bases nor keywords."""
        self._scope.append(node.name)
        for statement in node.body:
            self.visit(statement)
        self._scope.pop()

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        """The value, not the annotation."""
        if node.value is not None:
            self.visit(node.value)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Python 3.11 does not say where the parts of an f-string are."""

    def visit_Lambda(self, node: ast.Lambda) -> None:
        """Its body; when that runs, is not known outside of functions."""
        self.visit(node.body)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        """Its body, not the classes."""
        for statement in node.body:
            self.visit(statement)

    def visit_match_case(self, node: ast.match_case) -> None:
        """The guard and the body, not the pattern."""
        if node.guard is not None:
            self._lines = (node.guard.lineno, node.guard.end_lineno or node.guard.lineno)
            self.visit(node.guard)
        for statement in node.body:
            self.visit(statement)


def _remembers(decorator: ast.expr) -> bool:
    match decorator:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name in ("cache", "lru_cache")
        case ast.Call(func=function):
            return _remembers(function)
    return False


def _run_once(tree: ast.Module) -> frozenset[str]:
    """Return the names of functions that run on import or for one that remembers, and of all that
    these call: they may have run before a mutant is there.
    """
    calls: dict[str, set[str]] = {}
    ahead = _handed(_outside(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            handed = _handed(ast.walk(node))
            calls[node.name] = calls.get(node.name, set()) | handed
            if any(_remembers(one) for one in node.decorator_list):
                ahead |= handed
    found = set[str]()
    while ahead:
        name = ahead.pop()
        if name not in found:
            found.add(name)
            ahead |= calls.get(name, set())
    return frozenset(found)


def _outside(tree: ast.Module) -> Iterator[ast.AST]:
    """Walk what is outside of functions; their defaults are."""
    ahead: list[ast.AST] = [tree]
    while ahead:
        node = ahead.pop()
        yield node
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            ahead += [*node.args.defaults, *filter(None, node.args.kw_defaults)]
        elif not isinstance(node, ast.Lambda):
            ahead += ast.iter_child_nodes(node)


def _handed(nodes: Iterable[ast.AST]) -> set[str]:
    """Return the names that are called, or handed to a call as to `map`."""
    return {
        one.id
        for node in nodes
        if isinstance(node, ast.Call)
        for one in (node.func, *node.args)
        if isinstance(one, ast.Name)
    }


def _is_unseen(node: ast.stmt) -> bool:
    """Whether a statement is nothing that runs, or only for a type checker."""
    match node:
        case ast.Import() | ast.ImportFrom() | ast.Global() | ast.Nonlocal():
            return True
        case ast.Expr(value=ast.Constant()):
            return True
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return True
        case ast.Assign(targets=[ast.Name(id=name)]) if name in UNSEEN_NAMES:
            return True
        case ast.Assign(value=value) | ast.Expr(value=value) | ast.Return(value=value):
            return isinstance(value, ast.Call) and called(value) in UNSEEN_CALLS
    return False


def _head(node: ast.stmt) -> tuple[int, int]:
    """The lines of a statement without those that stand below it."""
    body = getattr(node, "body", None)
    last = node.end_lineno or node.lineno
    if isinstance(node, ast.Match):
        last = node.subject.end_lineno or node.lineno
    elif isinstance(body, list) and body:
        last = max(node.lineno, body[0].lineno - 1)
    return (node.lineno, last)
