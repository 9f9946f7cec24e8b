"""Operators: the small changes that make a mutant of a module, each at one place of its text.

Each replaces the text of one node of the syntax tree, so that all around it stays as it is. Left
alone is what no test of behaviour can see: annotations, docstrings, imports, decorators and the
keywords of classes (mypy sees those), and the texts of tables outside functions, which are data.

Over 400 lines: the table of operators and the walk that leaves some places alone are read together.
"""

from __future__ import annotations

import ast
import copy
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256

import msgspec

COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
RECKONED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
RENAMED = {
    one: other
    for pair in (
        ("min", "max"),
        ("any", "all"),
        ("floor", "ceil"),
        ("lower", "upper"),
        ("startswith", "endswith"),
        ("lstrip", "rstrip"),
        ("partition", "rpartition"),
        ("union", "intersection"),
        ("removeprefix", "removesuffix"),
        ("append", "extend"),
    )
    for one, other in (pair, pair[::-1])
}
"""Functions and methods that are taken for each other."""

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
        First and last line of the statement it is in; empty if that may run only once, on import or
        in a function that remembers what it returned.
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
    walk = _Walk(source)
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

    def __init__(self, source: bytes) -> None:
        self.found: list[Found] = []
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
        self._cached += cached
        for statement in node.body:
            self.visit(statement)
        self._cached -= cached
        self._functions -= 1
        self._scope.pop()

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815

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
            return isinstance(value, ast.Call) and _called(value) in UNSEEN_CALLS
    return False


def _called(node: ast.Call) -> str:
    match node.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _head(node: ast.stmt) -> tuple[int, int]:
    """The lines of a statement without those that stand below it."""
    body = getattr(node, "body", None)
    last = node.end_lineno or node.lineno
    if isinstance(node, ast.Match):
        last = node.subject.end_lineno or node.lineno
    elif isinstance(body, list) and body:
        last = max(node.lineno, body[0].lineno - 1)
    return (node.lineno, last)


# -- the operators ---------------------------------------------------------------------------------


def changes(node: ast.stmt | ast.expr, *, inside: bool) -> Iterator[tuple[str, str]]:
    """Yield the name of each operator for a node with the text that replaces it.

    Parameters
    ----------
    inside : bool
        Whether the node is in a function; outside, texts and unions of types are left alone.
    """
    match node:
        case ast.stmt():
            yield from _statements(node, inside)
        case ast.Constant(value=value):
            yield from _constants(value, inside)
        case ast.JoinedStr() if inside:
            yield "text", '""'
        case ast.Call():
            yield from _calls(node)
        case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            yield from _filters(node)
        case ast.expr():
            yield from _operations(node, inside)


def _operations(node: ast.expr, inside: bool) -> Iterator[tuple[str, str]]:
    match node:
        case ast.Compare():
            yield from _comparisons(node)
        case ast.BinOp(op=operator) if type(operator) in RECKONED:
            if inside or not isinstance(operator, ast.BitOr):
                yield "arithmetic", _changed(node, op=RECKONED[type(operator)]())
        case ast.BoolOp(op=operator):
            other = ast.Or() if isinstance(operator, ast.And) else ast.And()
            yield "boolean", _changed(node, op=other)
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            yield "sign", f"({ast.unparse(operand)})"
        case ast.IfExp(test=test):
            yield "condition", _changed(node, test=_negated(test))


def _constants(value: object, inside: bool) -> Iterator[tuple[str, str]]:
    match value:
        case bool():
            yield "constant", repr(not value)
        case int():
            yield "number", repr(value + 1)
        case float():
            yield "number", repr(value * 2 if value else 1.0)
        case str() | bytes() if inside:
            kind = "b" if isinstance(value, bytes) else ""
            yield "text", f'{kind}""' if value else f'{kind}"XX"'


def _comparisons(node: ast.Compare) -> Iterator[tuple[str, str]]:
    for index, operator in enumerate(node.ops):
        if type(operator) in COMPARED:
            ops = [*node.ops]
            ops[index] = COMPARED[type(operator)]()
            yield "comparison", _changed(node, ops=ops)


def _calls(node: ast.Call) -> Iterator[tuple[str, str]]:
    name = _called(node)
    if name in RENAMED:
        renamed = copy.deepcopy(node)
        match renamed.func:
            case ast.Name():
                renamed.func.id = RENAMED[name]
            case ast.Attribute():
                renamed.func.attr = RENAMED[name]
        yield "name", ast.unparse(renamed)
    for index, keyword in enumerate(node.keywords):
        if keyword.arg is not None:
            rest = [*node.keywords[:index], *node.keywords[index + 1 :]]
            yield "argument", _changed(node, keywords=rest)


def _filters(
    node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp,
) -> Iterator[tuple[str, str]]:
    """A comprehension without one of its conditions."""
    for outer, generator in enumerate(node.generators):
        for inner in range(len(generator.ifs)):
            other = copy.deepcopy(node)
            del other.generators[outer].ifs[inner]
            text = ast.unparse(other)
            yield "filter", text


def _statements(node: ast.stmt, inside: bool) -> Iterator[tuple[str, str]]:
    match node:
        case ast.Return(value=value) if value is not None and not _is_none(value):
            yield "return", "return None"
        case ast.Raise() if inside:
            yield "statement", "pass"
        case ast.Expr(value=ast.Call() | ast.Await()) if inside:
            yield "statement", "pass"
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]) | ast.AugAssign() if inside:
            yield "statement", "pass"
        case ast.Break():
            yield "loop", "continue"
        case ast.Continue():
            yield "loop", "break"


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _negated(node: ast.expr) -> ast.expr:
    return ast.UnaryOp(op=ast.Not(), operand=node)


def _changed(node: ast.expr, **parts: object) -> str:
    other = copy.copy(node)
    for name, value in parts.items():
        setattr(other, name, value)
    return f"({ast.unparse(other)})"
