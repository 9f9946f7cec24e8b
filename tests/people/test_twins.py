"""What a person came to, beside a simulated agent in the same seat on the same draws."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from retailsim.analysis.projection.loader import load
from retailsim.sim.errors import NoPerson
from retailsim.sim.people.outcome import Outcome
from retailsim.sim.people.twin import beside_twins
from retailsim.sim.play_page.ending import beside, told
from tests.people import csales_words, retail_words
from tests.people.played import CSALES, RETAIL, Answers, Attended, play, text_of
from tests.sim.modelserver import serving
from tests.sim.runs import launched, scenario, sim

Row = dict[str, object]


def row_of(outcome: Outcome) -> Row:
    """An outcome by the names of the projection's columns."""
    return {
        "status": outcome.status,
        "units": outcome.quantity,
        "gross_revenue_cents": outcome.gross_cents,
        "net_revenue_cents": outcome.net_cents,
        "refunded_cents": outcome.refunded_cents,
        "reviews": len(outcome.stars),
        "title": outcome.title,
        "buyer_kind": outcome.buyer_kind,
        "seller_kind": outcome.seller_kind,
    }


def rows_in(run: Path) -> dict[str, Row]:
    """The same of a run, as the projection has it."""
    frame = load(run).episodes
    names = list(row_of(Outcome()))
    return {one["episode"]: {name: one[name] for name in names} for one in frame.to_dicts()}


@pytest.mark.parametrize(
    ("text", "role", "words"),
    [
        (RETAIL, "buyer", retail_words.buyers),
        pytest.param(RETAIL, "seller", retail_words.sellers, marks=pytest.mark.slow),
        pytest.param(CSALES, "buyer", csales_words.buyers, marks=pytest.mark.slow),
        pytest.param(CSALES, "seller", csales_words.sellers, marks=pytest.mark.slow),
    ],
)
def test_a_twin_is_what_a_run_with_a_simulated_agent_in_the_seat_gives(
    text: str, role: str, words: Answers, tmp_path: Path
) -> None:
    """Both by another way than the function's: the projection, and a launch of its own."""
    seats = {"seller": "", "buyer": "", role: 'agent = "person"'}
    play(tmp_path, text.format(**seats), Attended(words))
    run, simulated = tmp_path / "run", tmp_path / "simulated"
    launched(simulated, scenario(tmp_path, text.format(seller="", buyer="")))
    name = f"{role}:{'shop' if role == 'seller' else 'ann'}"
    found = beside_twins(run, name)
    assert {one.episode: row_of(one.outcome) for one in found} == rows_in(run)
    twins = {one.episode: row_of(one.twin) for one in found if one.twin is not None}
    assert twins == rows_in(simulated) and len(twins) >= 3
    assert {one[f"{role}_kind"] for one in twins.values()} == {"behavioral"}
    assert any(row_of(one.outcome) != twins[one.episode] for one in found)
    assert {one.gone for one in found} == {None}


def test_a_buyer_gets_its_money_back_but_for_what_sending_costs() -> None:
    outcome = Outcome(
        quantity=2,
        gross_cents=2_000,
        shipping_cents=300,
        refunded_cents=1_000,
        shipping_refunded_cents=0,
        return_shipping_cents=300,
    )
    assert (outcome.net_cents, outcome.spent_cents) == (1_000, 1_600)


def test_what_both_came_to_is_told_in_one_order_and_to_the_end() -> None:
    paid = Outcome(status="closed", decided=True, quantity=1, gross_cents=900, issue="damaged")
    kept = msgspec.structs.replace(paid, resolution="delivered", stars={"pitch": 2})
    back = msgspec.structs.replace(
        paid, resolution="refunded", refunded_cents=900, stars={"pitch": 5}
    )
    pairs = [(kept, back), (back, kept), (Outcome(status="closed", decided=True), back)]
    for mine, twins in pairs:
        said = [dict(told(one, "buyer")) for one in (mine, twins)]
        lines = list(beside(*said))
        names = [one.name for one in lines]
        assert names[-3:] == ["Refunded", "Paid in the end", "Stars for the presentation"]
        assert names == list(dict(told(back, "buyer")))
        ends = {one.name: (one.mine, one.twins) for one in lines}["Paid in the end"]
        assert ends == tuple(
            "$0.00" if one is back else "$9.00" if one.bought else "–" for one in (mine, twins)
        )
    # What says nothing new is left out.
    assert "Paid in the end" not in {one.name for one in beside(*[dict(told(kept, "buyer"))] * 2)}


@pytest.mark.slow
def test_compare_sets_people_beside_simulated_buyers(tmp_path: Path) -> None:
    """The seats have the same names, so the episodes pair, and share their draws."""
    play(tmp_path, text_of(RETAIL, "buyer"), Attended(retail_words.buyers))
    launched(tmp_path / "simulated", scenario(tmp_path, RETAIL.format(seller="", buyer="")))
    shown = sim("compare", tmp_path / "simulated", tmp_path / "run")
    assert shown.exit_code == 0, shown.stderr
    words = " ".join(shown.stdout.split())
    assert "4 pairs of episodes that share their draws" in words
    assert "who plays it (buyers.ann.agent): behavioral \N{RIGHTWARDS ARROW} person" in words


MODEL = """
agent = "model"
model = "local"
[models.local]
provider = "openai-compatible"
model = "my-llama"
base_url = "{url}"
"""


@pytest.mark.slow
def test_a_model_beside_the_person_is_not_asked_again(tmp_path: Path) -> None:
    with serving() as server:
        text = RETAIL.format(seller=MODEL.format(url=server.url), buyer='agent = "person"')
        play(tmp_path, text, Attended(retail_words.buyers))
        asked = len(server.bodies)
        found = beside_twins(tmp_path / "run", "buyer:ann")
        shown = sim("compare", tmp_path / "run")
        fitted = sim("calibrate", tmp_path / "run")
        assert len(server.bodies) == asked
    assert found and all(one.twin is None for one in found)
    assert {one.why_none for one in found} == {
        "Somebody else in the market, such as a model, would have to be asked anew: "
        "its answers are to what the person said."
    }
    assert {one.outcome.status for one in found} == {"closed"}
    assert fitted.exit_code == 2
    assert "0 people have decided beside a simulated buyer (10 needed)" in fitted.stderr
    assert shown.exit_code == 1
    assert "4 with a partner that waits, such as a model" in shown.stdout


def test_a_seat_that_nobody_takes_is_one_line(tmp_path: Path) -> None:
    play(tmp_path, text_of(RETAIL, "buyer"), Attended(retail_words.buyers))
    for seat in ("seller:shop", "buyer:bob", "ann"):
        with pytest.raises(NoPerson, match=f"no person takes a seat called {seat!r}; write"):
            beside_twins(tmp_path / "run", seat)
