"""A policy in a retail seat: what it chooses stands in the log, and the run keeps its file."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest
from scipy.stats import chisquare

from retailsim.agents.csales.policy.by_hand import show_first
from retailsim.agents.retail.behavioral.buyer import BehavioralBuyer
from retailsim.agents.retail.policy.actions import (
    ANSWERS,
    ASK,
    OPTION_NAMES,
    PITCHES,
    SETTLEMENTS,
)
from retailsim.agents.retail.policy.legal import legal, mask
from retailsim.analysis import load
from retailsim.market.core.admission import ReplyRefused, admit
from retailsim.market.core.propensities import WHOLE
from retailsim.market.protocols.retail.events import SellerChose
from retailsim.market.protocols.retail.requests import (
    AnswerBuyer,
    Complain,
    GiveSupport,
    PresentPitch,
    SettleIssue,
)
from retailsim.market.protocols.retail.values import Answer, Choice, Pitch, Settlement, Support
from tests.market.asked import ADMISSIONS, ASKED
from tests.retail.policies import PLAIN, liking, played, prepared, seat
from tests.sim.runs import SMALL, event_lines, events_of, launched, scenario, sim

BUYERS = 'buyers = [{ id = "easy-shopper", agent = "easy-shopper" }]\n'


def seated(folder: Path, options: str = 'file = "plain.json"') -> Path:
    """A scenario whose seller goes by the policy beside it."""
    liking(*PLAIN).save(folder / "plain.json")
    seller = f'sellers = [{{ id = "p", agent = "policy", options = {{ {options} }} }}]\n'
    return scenario(folder, BUYERS + seller)


# -- the log -------------------------------------------------------------------------------


def test_a_seat_goes_by_its_file_and_the_run_keeps_it(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    launched(home / "run", seated(home), *SMALL)
    chosen = Counter(event["option"] for event in events_of(home / "run", "SellerChose"))
    assert set(chosen) == set(PLAIN)
    assert chosen[PLAIN[0]] == 4  # one a market
    [kind] = {event["seller_kind"] for event in events_of(home / "run", "EpisodeOpened")}
    assert kind == "policy"
    assert {event["outcome"] for event in events_of(home / "run", "IssueResolved")} == {"exchanged"}
    shutil.move(home / "run", tmp_path / "moved")
    shutil.rmtree(home)
    verified = sim("verify", tmp_path / "moved")
    assert verified.exit_code == 0, verified.stderr
    assert "4 markets played again, every event is the same" in verified.stdout


def test_another_policy_in_its_place_is_found(tmp_path: Path) -> None:
    launched(tmp_path / "run", seated(tmp_path), *SMALL)
    liking("Settle: refund").save(tmp_path / "run" / "inputs" / "policies" / "0.json")
    assert sim("verify", tmp_path / "run").exit_code == 2


@pytest.mark.slow
def test_it_explores_the_same_with_any_number_of_workers(tmp_path: Path) -> None:
    path = seated(tmp_path, 'file = "plain.json", explore = 0.5')
    launched(tmp_path / "one", path, *SMALL)
    launched(tmp_path / "two", path, *SMALL, "--workers", 2)
    assert event_lines(tmp_path / "one") == event_lines(tmp_path / "two")
    assert len({event["option"] for event in events_of(tmp_path / "one", "SellerChose")}) > 3


def test_a_choice_stands_before_what_was_said_by_it(tmp_path: Path) -> None:
    run = prepared(seat(tmp_path, liking(), explore=1.0), "products.per_category=1")
    said = {"pitch": "PitchPresented", "pre_inquiry": "MessageSent", "post_inquiry": "MessageSent"}
    for _, events in played(run):
        by_episode: dict[str | None, list[Any]] = {}
        for event in events:
            by_episode.setdefault(event.episode, []).append(event)
        for of_one in by_episode.values():
            for event, after in pairwise(of_one):
                if isinstance(event, SellerChose):
                    assert type(after).__name__ == said[event.stage]
                    assert after.source == event.source


@pytest.mark.slow
def test_choices_are_a_frame_and_stand_in_the_reports_examples(tmp_path: Path) -> None:
    launched(tmp_path / "run", seated(tmp_path, 'file = "plain.json", explore = 0.5'), *SMALL)
    frame = load(tmp_path / "run").tables["choices"]
    logged = events_of(tmp_path / "run", "SellerChose")
    assert frame["option"].to_list() == [event["option"] for event in logged]
    assert frame["probabilities"].to_list() == [event["probabilities"] for event in logged]
    assert frame.filter(stage="pitch")["episode"].is_null().all()
    assert sim("report", tmp_path / "run", "-o", tmp_path / "r.html").exit_code == 0
    assert "The seller chooses " in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_sellers_that_have_no_policy_say_nothing_of_choices(tmp_path: Path) -> None:
    launched(tmp_path / "run", *SMALL)
    assert events_of(tmp_path / "run", "SellerChose") == []


# -- exploring -----------------------------------------------------------------------------


def choices(folder: Path, share: float) -> Sequence[SellerChose]:
    run = prepared(seat(folder, liking(*PLAIN), explore=share), "products.per_category=6")
    return [e for _, events in played(run) for e in events if isinstance(e, SellerChose)]


def test_options_are_chosen_as_often_as_the_log_says(tmp_path: Path) -> None:
    drawn: Counter[str] = Counter()
    expected = dict.fromkeys(ANSWERS, 0.0)
    for chosen in choices(tmp_path, 0.4):
        assert chosen.probabilities is not None
        assert sum(chosen.probabilities) == WHOLE
        assert min(chosen.probabilities) * len(chosen.options) / WHOLE >= 0.4 - 1e-6
        if chosen.stage != "pre_inquiry":
            continue
        drawn[chosen.option] += 1
        for name, one in zip(chosen.options, chosen.probabilities, strict=True):
            expected[name] += one / WHOLE
    observed = [drawn[name] for name in ANSWERS]
    assert sum(observed) > 300
    assert chisquare(observed, list(expected.values())).pvalue > 0.001
    # Two fifths would explore; as if one did is told apart.
    never = [sum(observed) * share for share in (1 - 0.2 * 2 / 3, 0.2 / 3, 0.2 / 3)]
    assert chisquare(observed, never).pvalue < 0.001


def test_without_exploring_the_choice_is_certain(tmp_path: Path) -> None:
    for chosen in choices(tmp_path, 0):
        assert chosen.probabilities is not None
        assert chosen.probabilities[chosen.options.index(chosen.option)] == WHOLE


# -- what is refused -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("", "file, the path of a policy, is needed"),
        ('file = "nowhere.json"', "p.options.file: there is no file"),
        ('file = "scenario.toml"', "is no policy"),
        ('file = "plain.json", mood = 1', "file, the path of a policy, is needed"),
        ('file = "plain.json", explore = 2', "explore = 2: a share from 0 to 1 is needed"),
    ],
)
def test_a_seat_without_its_policy_is_said_in_one_line(
    tmp_path: Path, options: str, said: str
) -> None:
    launch = sim("launch", seated(tmp_path, options), "--out", tmp_path / "run")
    assert launch.exit_code == 2
    assert said in launch.stderr
    assert launch.stderr.count("\n") <= 1


def test_a_policy_of_another_protocol_is_said_in_one_line(tmp_path: Path) -> None:
    show_first().save(tmp_path / "talker.json")
    liking(*PLAIN).save(tmp_path / "pitcher.json")
    wrong = {"pairwise": "talker", "csales": "pitcher"}
    for name, file in wrong.items():
        path = tmp_path / f"{file}.json"
        launch = sim("launch", name, "--sellers", f"policy:{path}", "--out", tmp_path / "run")
        assert launch.exit_code == 2
        assert f"{file}.json: was learnt on the features" in launch.stderr
        assert launch.stderr.count("\n") <= 1


# -- legality ------------------------------------------------------------------------------


def test_each_decision_has_its_own_options() -> None:
    support: GiveSupport = msgspec.structs.replace(ASKED[GiveSupport], turn=1, last_turn=False)
    assert legal(ASKED[PresentPitch]) == tuple(PITCHES)
    assert legal(ASKED[AnswerBuyer]) == tuple(ANSWERS)
    assert legal(support) == (ASK, *SETTLEMENTS)
    for later in ({"turn": 2}, {"last_turn": True}):
        assert legal(msgspec.structs.replace(support, **later)) == tuple(SETTLEMENTS)
    assert legal(ASKED[SettleIssue]) == tuple(SETTLEMENTS)
    assert sum(mask(support)) == 4
    assert OPTION_NAMES[mask(support).index(1)] == ASK


def test_goods_go_back_within_the_window_only() -> None:
    support: GiveSupport = ASKED[GiveSupport]
    days = support.offer.policy.window_days
    for late, settling in ((days, tuple(SETTLEMENTS)), (days + 1, ("Settle: leave",))):
        order = msgspec.structs.replace(support.order, issue_day=support.order.delivered_day + late)
        asked = msgspec.structs.replace(support, order=order, turn=2)
        assert legal(asked) == settling


# -- what the market takes -----------------------------------------------------------------

HERE = Choice(option="a", options=("a", "b"), probabilities=(0.25, 0.75))
SAID: Mapping[type[Any], Any] = {
    PresentPitch: Pitch(sections={"opening_hook": "Look."}, choice=HERE),
    AnswerBuyer: Answer(text="Yes.", choice=HERE),
    GiveSupport: Support(text="Oh.", choice=HERE),
    SettleIssue: Settlement(outcome="delivered", resolution="none", reason="none", choice=HERE),
}


def admitted(kind: type[Any], value: Any) -> Sequence[Any]:
    return admit("seller:s", ASKED[kind], value, ADMISSIONS[kind])


@pytest.mark.parametrize("kind", SAID)
def test_what_an_agent_says_of_its_choice_is_logged(kind: type[Any]) -> None:
    chose = admitted(kind, SAID[kind])[0]
    assert isinstance(chose, SellerChose)
    assert (chose.option, chose.options) == ("a", ("a", "b"))
    assert chose.probabilities == (WHOLE // 4, WHOLE // 4 * 3)
    silent = "Yes." if kind is AnswerBuyer else msgspec.structs.replace(SAID[kind], choice=None)
    assert not any(isinstance(one, SellerChose) for one in admitted(kind, silent))


@pytest.mark.parametrize("kind", SAID)
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"option": "c"}, "c: not once among its options a, b"),
        ({"options": ()}, "a: chosen among no options"),
        ({"probabilities": (1.0,)}, "1 probabilities for 2 options"),
        ({"probabilities": (0.5, 0.4)}, "probabilities that do not sum to 1"),
        ({"probabilities": (0.0, 1.0)}, "a: chosen with probability 0"),
    ],
)
def test_a_choice_nobody_could_learn_from_is_refused(
    kind: type[Any], change: dict[str, Any], said: str
) -> None:
    value = msgspec.structs.replace(SAID[kind], choice=msgspec.structs.replace(HERE, **change))
    with pytest.raises(ReplyRefused, match=said):
        admitted(kind, value)


def test_buyers_do_not_see_how_a_settlement_was_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Complain] = []
    complain = BehavioralBuyer.complain

    async def watched(buyer: BehavioralBuyer, request: Complain) -> str | None:
        seen.append(request)
        return await complain(buyer, request)

    monkeypatch.setattr(BehavioralBuyer, "complain", watched)
    run = prepared(seat(tmp_path, liking(*PLAIN)), "products.per_category=1")
    assert all(events for _, events in played(run))
    proposed = [request.proposed for request in seen if request.proposed is not None]
    assert len(proposed) > 5
    assert all(one.choice is None for one in proposed)
    assert all(request.pitch.choice is None for request in seen)
    settled = admitted(SettleIssue, SAID[SettleIssue])[-1]
    assert settled.settlement.choice is None
