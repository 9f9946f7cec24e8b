"""Operators: the small changes that make a mutant, each of one node of the syntax tree."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator

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
    name = called(node)
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


def called(node: ast.Call) -> str:
    """Return the name that a call is made by; "" if it has none."""
    match node.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""
