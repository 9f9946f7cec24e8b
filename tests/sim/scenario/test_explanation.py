"""What is wrong with tables, by key and in a person's words; on tables made up for it."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

import msgspec
import pytest
from msgspec import Meta

from retailsim.sim.scenario.explanation import explain

OneLine = Annotated[str, Meta(pattern=r"\A[^/]+\Z")]


class Leaf(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    size: Annotated[int, Meta(ge=1)] = 1
    share: Annotated[float, Meta(lt=1.0)] = 0.0
    flavour: Literal["salt", "sour"] | None = None
    day: dt.date | None = None
    name: OneLine = "x"
    on: bool | str = True


class Needy(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    must: int


class Tree(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    leaf: Leaf = Leaf()
    leaves: list[Leaf] = []
    named: dict[str, Leaf] = {}
    deep: dict[str, dict[str, list[int]]] = {}
    keyed: dict[Literal["north", "south"], int] = {}
    needy: Needy | None = None
    pair: tuple[int, int] | None = None
    mode: Literal["all", "self"] | list[str] = "all"
    short: dict[Annotated[str, Meta(max_length=2)], int] = {}
    step: Literal[1, 2] = 1
    groups: list[dict[str, int]] = []


def told(tree: dict[str, Any]) -> str:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert(tree, Tree)
    return explain(str(caught.value), tree, Tree)


@pytest.mark.parametrize(
    ("tree", "line"),
    [
        ({"leaf": {"size": 0}}, "leaf.size: must be a whole number >= 1"),
        ({"leaf": {"size": "1"}}, "leaf.size: must be a whole number, not text"),
        ({"leaf": {"size": 1.5}}, "leaf.size: must be a whole number, not a number"),
        ({"leaf": {"share": 1.0}}, "leaf.share: must be a number < 1.0"),
        ({"leaf": {"share": []}}, "leaf.share: must be a number, not a list"),
        ({"leaf": 3}, "leaf: must be a table, not a whole number"),
        ({"leaf": {"day": 3}}, "leaf.day: must be a date, not a whole number"),
        ({"leaf": {"day": "2026-13-01"}}, "leaf.day: must be a date such as 2026-03-02"),
        ({"leaf": {"name": "a/b"}}, "leaf.name: must be one line of text without a slash"),
        ({"leaf": {"on": 1.5}}, "leaf.on: must be true or false or text, not a number"),
        ({"leaves": {}}, "leaves: must be a list, not a table"),
        ({"pair": [1]}, "pair: must be a list of length 2, not 1"),
        ({"leaf": {"share": "10%"}}, "leaf.share: must be a number, not text; write 10% as 0.1"),
        (
            {"leaf": {"share": "7,5 %"}},
            "leaf.share: must be a number, not text; write 7,5 % as 0.075",
        ),
        ({"leaf": {"share": "0,1"}}, "leaf.share: must be a number, not text; write 0,1 as 0.1"),
        ({"leaf": {"share": "ten %"}}, "leaf.share: must be a number, not text"),
        (
            {"leaf": {"on": 1.5}, "name": "10%"},
            "leaf.on: must be true or false or text, not a number",
        ),
    ],
)
def test_a_value_of_another_kind_or_beyond_a_limit(tree: dict[str, Any], line: str) -> None:
    assert told(tree) == line


TOP = "there are leaf, leaves, named, deep, keyed, needy, pair, mode, short, step, groups"


@pytest.mark.parametrize(
    ("tree", "line"),
    [
        ({"laef": {}}, "laef: unknown key; did you mean leaf?"),
        ({"zzz": {}}, f"zzz: unknown key; {TOP}"),
        ({"leaf": {"Siz": 1}}, "leaf.Siz: unknown key; did you mean size?"),
        (
            {"leaf": {"mode": 1}},
            "leaf.mode: unknown key; there are size, share, flavour, day, name, on",
        ),
        ({"leaves": [{}, {"shaer": 1}]}, "leaves[1].shaer: unknown key; did you mean share?"),
        ({"named": {"a": {"dya": 1}}}, "named.a.dya: unknown key; did you mean day?"),
        ({"needy": {"must": 1, "siz": 1}}, "needy.siz: unknown key; did you mean leaf.size?"),
        ({"size": 1}, "size: unknown key; did you mean leaf.size?"),
        ({"must": 1}, "must: unknown key; did you mean needy.must?"),
        ({"mistt": 1}, f"mistt: unknown key; {TOP}"),
        ({"needy": {"must": 1, "mist": 1}}, "needy.mist: unknown key; did you mean must?"),
        ({"needy": {}}, "needy: the key 'must' is missing"),
    ],
)
def test_an_unknown_key_with_the_closest_there_is(tree: dict[str, Any], line: str) -> None:
    """Of another table where it is clearly that, with the way to it."""
    assert told(tree) == line


@pytest.mark.parametrize(
    ("tree", "line"),
    [
        (
            {"leaf": {"flavour": "SALTY"}},
            "leaf.flavour: 'SALTY' is not one of salt, sour; did you mean salt?",
        ),
        ({"leaf": {"flavour": "it's"}}, 'leaf.flavour: "it\'s" is not one of salt, sour'),
        ({"mode": "sellf"}, "mode: 'sellf' is not one of all, self; did you mean self?"),
        ({"leaves": [{"flavour": ""}]}, "leaves[0].flavour: '' is not one of salt, sour"),
        ({"leaf": {"flavour": "a\n'\""}}, "leaf.flavour: 'a\\n\\'\"' is not one of salt, sour"),
        ({"step": 3}, "step: 3 is not one of 1, 2"),
        (
            {"keyed": {"nord": 1}},
            "keyed.nord: 'nord' is not one of north, south; did you mean north?",
        ),
    ],
)
def test_a_word_that_is_none_of_those_allowed(tree: dict[str, Any], line: str) -> None:
    assert told(tree) == line


@pytest.mark.parametrize(
    ("tree", "line"),
    [
        ({"named": {"a": {}, "b": {"size": 0}, "c": {}}}, "named.b.size: must be a whole number"),
        ({"named": {"a.b": {"size": 0}}}, "named.a.b.size: must be a whole number >= 1"),
        ({"groups": [{"a": 1}, {"b": 1, "c": "x"}]}, "groups[1].c: must be a whole number, not"),
        ({"short": {"ab": 1, "abc": 1}}, "short.abc: must be text of length <= 2"),
        ({"deep": {"a": {"b": [1]}, "c": {"d": [1], "e": [1, "x"]}}}, "deep.c.e[1]: must be a wh"),
    ],
)
def test_of_a_table_with_free_keys_the_one_that_is_wrong_is_named(
    tree: dict[str, Any], line: str
) -> None:
    """msgspec says ``[...]`` there; the first wrong one is what it speaks of."""
    before = msgspec.json.encode(tree)
    assert told(tree).startswith(line)
    assert msgspec.json.encode(tree) == before, "the tree is the caller's"


def test_what_no_table_explains_is_said_as_it_is() -> None:
    """A struct's own check names no kind of value."""
    assert explain("shares of more than all - at `$.leaf`", {}, Tree) == (
        "leaf: shares of more than all"
    )
    assert (
        explain("Expected `object`, got `int`", {}, Tree) == "must be a table, not a whole number"
    )
    assert explain("odd - at `$.named[...].size`", {"named": {"a": {}}}, Tree) == (
        "named.....size: odd"
    )
