"""A pitch file is spoken as it is written, with placeholders filled from the offer."""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retailsim.agents.base import Seat
from retailsim.agents.errors import BadOption
from retailsim.agents.retail import samples
from retailsim.agents.retail.behavioral.script import MAX_CHARACTERS, ScriptSeller, parse
from retailsim.agents.retail.behavioral.seller import BehavioralSeller
from retailsim.agents.retail.samples import PLAIN, POOR, RICH, Scene
from retailsim.events.streams import Seed
from retailsim.market.catalogue.product import Product
from retailsim.market.core.request import AgentRequest
from retailsim.market.protocols.retail.requests import PresentPitch
from retailsim.market.protocols.retail.values import SECTIONS, Pitch, Strategy


def seat(**options: Any) -> Seat:
    return Seat(id="mine", role="seller", seed=Seed(3), options=options)


def file_with(tmp_path: Path, content: str | bytes) -> str:
    path = tmp_path / "pitch.md"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


def sections(text: str, product: Product = RICH) -> dict[str, str]:
    return dict(parse(text).pitch(Scene(product).offer).sections)


def refusal(options: dict[str, Any]) -> str:
    with pytest.raises(BadOption) as caught:
        ScriptSeller(seat(**options))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_sections_stand_under_their_headings_in_the_order_of_a_pitch() -> None:
    text = "## call_to_action\nBuy!\n\n## Opening Hook\nHello.\nDear all.\n\nSo.\n"
    found = sections(text)
    assert found == {"opening_hook": "Hello. Dear all.\n\nSo.", "call_to_action": "Buy!"}
    assert list(found) == ["opening_hook", "call_to_action"]


@pytest.mark.parametrize(
    ("count", "where"),
    [
        (1, [0]),
        (2, [0, 4]),
        (3, [0, 2, 4]),
        (4, [0, 1, 3, 4]),
        (5, [0, 1, 2, 3, 4]),
        (7, [0, 1, 1, 2, 3, 3, 4]),
    ],
)
def test_plain_paragraphs_are_spread_over_the_sections(count: int, where: list[int]) -> None:
    found = sections("\n\n".join(f"Paragraph {n}." for n in range(count)))
    placed = [
        index
        for n in range(count)
        for index, section in enumerate(SECTIONS)
        if f"Paragraph {n}." in found.get(section, "")
    ]
    assert placed == where


@given(st.integers(1, 40))
def test_spreading_keeps_every_paragraph_in_order(count: int) -> None:
    found = sections("\n\n".join(f"P{n}." for n in range(count)))
    assert " ".join(found.values()).split() == [f"P{n}." for n in range(count)]
    assert list(found) == [name for name in SECTIONS if name in found]


def test_placeholders_are_filled_from_the_offer() -> None:
    text = (
        "{title} by {brand}, in {category}: {price}, not {list_price}, that is {discount} off;"
        " {shipping} for shipping. {feature1} and {feature3}!"
    )
    assert sections(text)["opening_hook"] == (
        "Northlight trail headlamp, 450 lumens, rechargeable by Northlight, in Headlamps: $31.49,"
        " not $34.99, that is 10% off; $1.74 for shipping."
        " 450 lumens on the highest of four levels and Weighs 78 g with its strap!"
    )


def test_what_the_sheet_says_is_not_read_as_a_template() -> None:
    product = msgspec.structs.replace(PLAIN, title="{price} {0} {{x}}")
    assert sections("See {title}.", product)["opening_hook"] == "See {price} {0} {{x}}."


def test_a_sentence_that_the_sheet_cannot_fill_is_left_out() -> None:
    """One pitch file serves rich sheets and poor ones."""
    text = "Look: {title}. Made by {brand}. It has {feature2}. Only {price}!\n\nBy {brand}."
    assert sections(text, PLAIN) == {"opening_hook": "Look: Roasted almonds, 500 g. Only $8.09!"}


def test_doubled_braces_are_literal() -> None:
    assert sections("Use {{code}} at {price}.", POOR)["opening_hook"] == "Use {code} at $0.01."


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("Hi.\n\nFor {cost}.", "line 3: unknown placeholder {cost}; allowed: title, brand"),
        ("For {}.", "line 1: unknown placeholder {}"),
        ("For {feature0}.", "line 1: unknown placeholder {feature0}"),
        ("For {price:>9}.", "line 1: unknown placeholder {price}"),
        ("Hi.\nFor {price.", "line 2: a single brace; write {{ or }} for one"),
        ("## opening_hook\nHi.\n## hook\nHo.", "line 3: unknown heading '## hook'; allowed: open"),
        ("## opening_hook\nHi.\n## opening_hook\nHo.", "line 3: a second heading ## opening_hook"),
        ("\nHi.\n## opening_hook\nHo.", "line 2: text before the first heading"),
        ("## opening_hook\n\n## call_to_action\nHo.", "there is nothing under ## opening_hook"),
        (" \n\n", "is empty; write the pitch in it"),
        (b"", "is empty"),
        (b"Caf\xe9", "is not UTF-8 text (byte 3); save it as UTF-8"),
        ("a" * (MAX_CHARACTERS + 1), "has 20,001 characters; a pitch has at most 20,000"),
    ],
)
def test_what_is_wrong_in_a_file_is_said_with_its_line(
    tmp_path: Path, content: str | bytes, said: str
) -> None:
    name = file_with(tmp_path, content)
    message = refusal({"pitch_file": name})
    assert message.startswith(f"options of seller:mine: pitch_file {name}: ")
    assert said in message


def test_options_other_than_a_readable_pitch_file_are_refused(tmp_path: Path) -> None:
    assert "pitch_file must be the path of a text file" in refusal({})
    assert "pitch_file must be the path of a text file" in refusal({"pitch_file": 3})
    assert "No such file" in refusal({"pitch_file": str(tmp_path / "none.md")})
    assert "Is a directory" in refusal({"pitch_file": str(tmp_path)})
    assert "unknown pitchfile; the script seller takes" in refusal({"pitchfile": "a"})


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    name = file_with(tmp_path, "\ufeffOne.")
    assert pitched(ScriptSeller(seat(pitch_file=name)), RICH).sections == {"opening_hook": "One."}
    Path(name).write_text("Three.")
    assert pitched(ScriptSeller(seat(pitch_file=name)), RICH).sections == {"opening_hook": "Three."}


def pitched(seller: ScriptSeller, product: Product) -> Pitch:
    scene = Scene(product)
    request = PresentPitch(unit=scene.unit, offer=scene.offer, strategy=Strategy())
    reply = anyio.run(seller.receive, request)
    assert isinstance(reply, Pitch)
    return reply


def test_the_claims_of_a_script_are_not_tracked(tmp_path: Path) -> None:
    pitch = pitched(ScriptSeller(seat(pitch_file=file_with(tmp_path, "The best!"))), RICH)
    assert (pitch.claims, pitch.unsupported) == ((), ())


def test_a_script_that_has_nothing_to_say_about_a_product_fails_its_market(tmp_path: Path) -> None:
    seller = ScriptSeller(seat(pitch_file=file_with(tmp_path, "By {brand}.")))
    with pytest.raises(BadOption, match="nothing to say about product SAMPLE-POOR"):
        pitched(seller, POOR)


def test_all_but_the_pitch_is_that_of_a_behavioral_seller(tmp_path: Path) -> None:
    """So two runs that differ in the pitch differ in nothing else."""
    script = ScriptSeller(seat(pitch_file=file_with(tmp_path, "Hello.")))
    behavioral = BehavioralSeller(seat())

    async def replies(request: AgentRequest) -> tuple[Any, Any]:
        return await script.receive(request), await behavioral.receive(request)

    for request in chain.from_iterable(script for _, script in samples.everything("seller")):
        ours, theirs = anyio.run(replies, request)
        if not isinstance(request, PresentPitch):
            assert ours == theirs
