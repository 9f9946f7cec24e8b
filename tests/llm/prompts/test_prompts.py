"""Prompts: foreign text stays data, personas are visible, nothing is left unfilled."""

from __future__ import annotations

import shutil
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retailsim.agents.llm.talk import caller, templates
from retailsim.agents.persona import TRAITS, all_personas
from retailsim.agents.retail.model import wording
from retailsim.events.messages import Role
from retailsim.market.catalogue.product import Product
from retailsim.market.core.dialogue import Turn
from retailsim.market.core.money import in_currency
from retailsim.market.core.return_policy import DEFAULT_POLICIES
from retailsim.market.protocols.retail.values import Offer
from retailsim.sim.folder import run_folder


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
        **changes,
    )


@given(st.text(alphabet=st.sampled_from("<> \nA{}"), max_size=60) | st.text(max_size=100))
def test_a_fence_cannot_be_closed_from_inside(foreign: str) -> None:
    fenced = templates.fenced("SHEET", foreign)
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
    sheet = wording.sheet(
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
    assert len(sheet) < wording.SHEET_CHARACTERS + 50


def test_terms_that_were_kept_are_told_apart_by_all_that_stands_in_them() -> None:
    first = offer()
    told = {wording.terms(first)}
    for name, value in (
        ("price_cents", 1_700),
        ("list_price_cents", 2_100),
        ("shipping_cents", 0),
        ("delivery_days", (2, 7)),
        ("policy", msgspec.structs.replace(first.policy, window_days=3)),
        ("date", "2026-03-03"),
    ):
        told.add(wording.terms(msgspec.structs.replace(first, **{name: value})))
    with in_currency("EUR"):
        told.add(wording.terms(first))
    assert len(told) == 8
    assert wording.terms(first) in told


def test_the_terms_name_price_fee_window_and_who_pays() -> None:
    terms = wording.terms(offer())
    for part in ("$18.00 (list price $20.00)", "$1.00", "1 to 7 days", "30 days", "2026-03-02"):
        assert part in terms
    assert "the customer pays return shipping for change of mind" in terms


@pytest.mark.parametrize("role", ["seller", "buyer"])
def test_every_persona_reads_differently(role: Role) -> None:
    blocks = {templates.persona(role, persona, None) for persona in all_personas(role)}
    assert len(blocks) == 8
    assert all(len(block.splitlines()) == len(TRAITS[role]) for block in blocks)


def test_without_persona_there_is_one_line_and_gender_adds_one() -> None:
    assert templates.persona("buyer", None, None) == templates.text("persona_none")
    assert templates.persona("buyer", None, "female").endswith("\nYou are female.")


FILLED = {
    "terms": {"price", "shipping", "low", "high", "date", "window", "condition", "buyer_pays"},
    "order": {"id", "quantity", "price", "shipping", "ordered", "arrival", "issue"},
    "order_late": {"expected", "today"},
    "order_arrived": {"delivered", "today"},
    "strategy": {"dimensions"},
    "answer": {"message"},
    "topics": {"limit"},
    "ask_next": {"message", "limit"},
    "clerk_order": {"quantity", "issue"},
    "decide": {"talk"},
    "last_answer": {"message"},
    "complain_first": {"order"},
    "complain_next": {"message"},
    "journey_fine": {"quantity"},
    "journey_problem": {"quantity", "issue", "support", "outcome"},
    "reviews": {"journey", "aspects"},
    "reask": {"problem", "kind"},
    "reask_length": {"problem", "kind"},
    "shapes": {"schema"},
}


def test_each_prompt_has_the_blanks_that_are_filled() -> None:
    for name in retail():
        blanks = {part.split("}")[0] for part in templates.text(name).split("{")[1:]}
        assert blanks == FILLED.get(name, set()), name


def retail() -> list[str]:
    """The prompts of this protocol; those of other tasks have tests of their own."""
    names = [file.name for file in files("retailsim.agents.llm.prompts").iterdir()]
    stems = [name.removesuffix(".txt") for name in names if name.endswith(".txt")]
    return [stem for stem in stems if not stem.startswith(("sales_", "profile_build", "annotate_"))]


def test_the_version_is_short_and_stable() -> None:
    assert templates.version() == templates.version()
    assert len(templates.version()) == 12


CHANGES: dict[str, tuple[Any, str, Any]] = {
    "a persona's words": (templates, "_POLES", {("buyer", "picky"): "You are hard to please."}),
    "the length of a sheet": (wording, "SHEET_CHARACTERS", 100),
    "the length of a summary": (templates, "SUMMARY_CHARACTERS", 100),
    "the marks": (wording, "fenced", lambda what, foreign: f"[{foreign}]"),
    "the listing": (wording, "listing", lambda offer: offer.product.title),
    "a schema": (templates, "BUILT_IN", {}),
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_version_changes_with_what_code_adds_to_the_files(
    change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = templates.version.__wrapped__()
    monkeypatch.setattr(*CHANGES[change])
    assert templates.version.__wrapped__() != before


@pytest.mark.parametrize("name", retail())
def test_the_version_changes_with_any_file(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(str(files("retailsim.agents.llm.prompts")), tmp_path / "prompts")
    monkeypatch.setattr(templates, "files", lambda _: tmp_path / "prompts")
    templates.text.cache_clear()
    before = templates.version.__wrapped__()
    with (tmp_path / "prompts" / f"{name}.txt").open("a") as file:
        file.write(".")
    assert templates.version.__wrapped__() != before
    templates.text.cache_clear()


def test_the_version_stands_with_every_call_and_in_the_run() -> None:
    """`Caller` records it in each `ModelCalled`, and a run's folder beside its seed."""
    assert vars(caller)["version"] is templates.version
    assert run_folder.versions().prompts == templates.version()


def summary_of(said: str, role: Role = "seller") -> str:
    told = templates.summary((Turn(role, said),), "SUPPORT")
    return told.removeprefix(f"<<<SUPPORT\n{role}: ").removesuffix("\nSUPPORT>>>")


SORRY = "I am so very sorry to hear about this, and I understand how disappointing it must be. "
OFFER = "We will send you a replacement within 3 days at no cost."


def test_a_summary_keeps_terms_and_offers_and_not_an_apology() -> None:
    assert summary_of(f"{SORRY}{SORRY}{OFFER} {SORRY}") == f"{OFFER} ..."
    assert OFFER not in f"{SORRY}{SORRY}{OFFER}"[: templates.SUMMARY_CHARACTERS]
    refund = "You get $12.50 back in full."
    assert summary_of(f"{OFFER} {SORRY}{SORRY}{refund}") == f"{OFFER} {refund} ..."


def test_a_summary_of_nothing_but_words_is_their_beginning() -> None:
    assert summary_of(SORRY * 4).startswith("I am so very sorry")
    assert summary_of("w " * 200).startswith("w w")
    assert summary_of("short") == "short"


@given(st.text(max_size=600), st.sampled_from(["seller", "buyer"]))
def test_a_summary_is_bounded_and_a_buyers_half_as_long(said: str, role: Role) -> None:
    most = templates.SUMMARY_CHARACTERS // (1 if role == "seller" else 2)
    plain = said.replace("<", "(").replace(">", ")")  # a fence would lengthen these
    told = templates.summary((Turn(role, plain),), "S")
    assert len(told) <= len(f"<<<S\n{role}: ...\nS>>>") + 1 + most
