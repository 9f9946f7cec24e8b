"""Prompts: foreign text stays data, personas are visible, nothing is left unfilled."""

from __future__ import annotations

from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.llm import prompting
from agents.persona import TRAITS, all_personas
from events.messages import Role
from market.policy import DEFAULT_POLICIES
from market.product import Product
from market.retail.values import Offer


def offer(**changes: object) -> Offer:
    product = Product(id="P", title="Pan", price_cents=2_000, category="Home")
    return Offer(
        product=product,
        list_price_cents=2_000,
        price_cents=1_800,
        discount=0.1,
        shipping_cents=100,
        delivery_days=(1, 7),
        policy=DEFAULT_POLICIES["Home"],
        date="2026-03-02",
        **changes,  # type: ignore[arg-type]
    )


@given(st.text(alphabet=st.sampled_from("<> \nA{}"), max_size=60) | st.text(max_size=100))
def test_a_fence_cannot_be_closed_from_inside(foreign: str) -> None:
    fenced = prompting.fenced("SHEET", foreign)
    inside = fenced.removeprefix("<<<SHEET\n").removesuffix("\nSHEET>>>")
    assert "<<<" not in inside
    assert ">>>" not in inside
    assert all(c.isprintable() or c in "\n\t" for c in inside)


def test_the_sheet_is_bounded_and_begins_with_facts() -> None:
    product = Product(
        id="P",
        title="Pan",
        price_cents=1,
        category="Home",
        details={"Material": "Steel"},
        description="d" * 50_000,
    )
    sheet = prompting.sheet(
        Offer(
            product=product,
            list_price_cents=1,
            price_cents=1,
            discount=0.0,
            shipping_cents=0,
            delivery_days=(1, 7),
            policy=DEFAULT_POLICIES["Home"],
            date="2026-03-02",
        )
    )
    assert "Material: Steel" in sheet
    assert len(sheet) < prompting.SHEET_CHARACTERS + 50


def test_the_terms_name_price_fee_window_and_who_pays() -> None:
    terms = prompting.terms(offer())
    for part in ("$18.00 (list price $20.00)", "$1.00", "1 to 7 days", "30 days", "2026-03-02"):
        assert part in terms
    assert "the customer pays return shipping for change of mind" in terms


@pytest.mark.parametrize("role", ["seller", "buyer"])
def test_every_persona_reads_differently(role: Role) -> None:
    blocks = {prompting.persona(role, persona, None) for persona in all_personas(role)}
    assert len(blocks) == 8
    assert all(len(block.splitlines()) == len(TRAITS[role]) for block in blocks)


def test_without_persona_there_is_one_line_and_gender_adds_one() -> None:
    assert prompting.persona("buyer", None, None) == prompting.text("persona_none")
    assert prompting.persona("buyer", None, "female").endswith("\nYou are female.")


FILLED = {
    "terms": {"price", "shipping", "low", "high", "date", "window", "condition", "buyer_pays"},
    "order": {"id", "quantity", "price", "shipping", "ordered", "arrival", "issue"},
    "order_late": {"expected", "today"},
    "order_arrived": {"delivered", "today"},
    "strategy": {"dimensions"},
    "answer": {"message"},
    "support": {"message"},
    "topics": {"first"},
    "ask_first": {"limit"},
    "ask_next": {"message", "limit"},
    "last_answer": {"message"},
    "complain_first": {"order"},
    "complain_next": {"message"},
    "journey_fine": {"quantity"},
    "journey_problem": {"quantity", "issue", "support", "outcome"},
    "reviews": {"journey", "aspects"},
    "reask": {"problem"},
    "shapes": {"schema"},
}


def test_each_prompt_has_the_blanks_that_are_filled() -> None:
    names = {f.name for f in files("agents.llm.prompts").iterdir() if f.name.endswith(".txt")}
    for name in names:
        text = prompting.text(name.removesuffix(".txt"))
        blanks = {part.split("}")[0] for part in text.split("{")[1:]}
        assert blanks == FILLED.get(name.removesuffix(".txt"), set()), name


def test_the_version_is_short_and_stable() -> None:
    assert prompting.version() == prompting.version()
    assert len(prompting.version()) == 12
