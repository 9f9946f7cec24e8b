"""Sales conversations with language models on either side, against a loopback server."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from retailsim.analysis.projection.loader import load
from retailsim.analysis.protocols.csales.seller_table import table
from retailsim.market.protocols.csales.action_table import Option, option_chosen
from retailsim.market.protocols.csales.events import TACTICS, ActionChosen
from tests.cases import quick
from tests.sim.modelserver import Server, serving
from tests.sim.runs import event_lines, events_of, outside_lines, replayed, scenario, sim

HEAD = """
[profiles]
count = 4
[design]
protocol = "csales"
max_turns = 8
[models.local]
provider = "openai-compatible"
model = "my-llama"
base_url = "{url}"
max_attempts = 2
deadline_s = 120.0
[models.local.price]
input = 1.0
output = 2.0
"""
SEATS = """
[[sellers]]
id = "csi"
agent = "model"
model = "local"
[[sellers]]
id = "thinker"
agent = "react"
model = "local"
[[sellers]]
id = "credible"
agent = "pc-crs"
model = "local"
[[buyers]]
id = "shopper"
agent = "model"
model = "local"
"""
SELLER = '[[sellers]]\nid = "csi"\nagent = "model"\nmodel = "local"\n'
CSUSER = '[[buyers]]\nid = "csuser"\nagent = "csuser"\n'

Change = Callable[[str, dict[str, Any]], dict[str, Any]]


def _said(body: dict[str, Any]) -> str:
    return "\n".join(m["content"] for m in body["messages"] if isinstance(m["content"], str))


def by_rote(body: dict[str, Any]) -> dict[str, Any]:
    """What a model says: sellers suggest and persuade, buyers select and buy."""
    tasks = [m["content"] for m in body["messages"] if _is_task(m)]
    task = tasks[-1]
    kind = re.findall(r'[Rr]eply of kind "(\w+)"', task)[-1]
    ids = re.findall(r"^id: (\S+)$", task, re.M)
    match kind:
        case "plan":
            only = "Persuasion" if "out of: Persuasion." in task else None
            only = only or ("Persuasion" if "Actions: Persuasion." in task else None)
            return {
                "kind": kind,
                "preference": "good and plain",
                "category": ["Nowhere", "x"],
                "style": "Rational",
                "openness": None,
                "focus": "price",
                "action": only or "Suggestion",
                "tactic": "Framing" if only else None,
                "search": [],
            }
        case "line":
            shows = ids[:3] if "Show up to three" in task else ids[1:2]
            return {"kind": kind, "text": "Look at this.", "items": shows}
        case "check":
            return {"kind": kind, "credible": False, "problems": "the first number"}
        case "opening":
            return {"kind": kind, "text": "I need something good."}
    buyable = re.findall(r"<<<IDS\n(\S+)", task)
    seen = re.findall(r"^id: (\S+)$", _said(body), re.M)
    return {
        "kind": kind,
        "text": "Well.",
        "willingness": 5,
        "leave": None,
        "reason": "so",
        "buy": buyable[-1] if buyable else None,
        "select": None if buyable or not seen else seen[0],
    }


def answering(change: Change = lambda _, reply: reply) -> Any:
    def answer(body: dict[str, Any]) -> tuple[int, Any]:
        reply = by_rote(body)
        return 200, json.dumps({"reply": change(reply["kind"], reply)})

    return answer


def launched(server: Server, folder: Path, seats: str, name: str = "run") -> Any:
    path = scenario(folder, HEAD.format(url=server.url) + seats)
    return sim("launch", path, "--out", folder / name, "--json")


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Server]:
    folder = tmp_path_factory.mktemp("csales")
    with serving(answering()) as server:
        result = launched(server, folder, SEATS)
    assert result.exit_code == 0, result.stderr
    return folder / "run", server


def test_models_converse_and_sell(played: tuple[Path, Server]) -> None:
    run, server = played
    measures = replayed(run)
    assert measures["episodes"]["closed"] == 12
    assert measures["overall"]["orders"] == 12
    assert measures["rejected_outputs"] == measures["rejected_commands"] == 0
    assert measures["cost"]["calls"] == len(server.bodies) == len(outside_lines(run))


def test_a_call_names_the_stage_of_the_conversation_and_the_reply_it_was_for(
    played: tuple[Path, Server],
) -> None:
    records = [json.loads(line) for line in outside_lines(played[0])]
    assert {(r["role"], r["stage"], r["task"]) for r in records} == {
        ("buyer", "opening", "opening"),
        ("seller", "planning", "plan"),
        ("seller", "selling", "line"),
        ("seller", "selling", "check"),
        ("buyer", "responding", "response"),
    }


def test_a_plan_is_structured_and_merged(played: tuple[Path, Server]) -> None:
    run, _ = played
    inferred = events_of(run, "ProfileInferred")
    assert {event["decision_making_style"] for event in inferred} == {"Rational"}
    assert {event["action"] for event in events_of(run, "ActionChosen")} == {
        *("Suggestion", "Persuasion")
    }


def test_a_models_choice_is_logged_with_all_it_could_have_chosen(
    played: tuple[Path, Server],
) -> None:
    tactics = {f"Persuasion: {tactic}" for tactic in TACTICS}
    seen = set()
    for event in events_of(played[0], "ActionChosen"):
        name = Option(action=event["action"], tactic=event["strategy"]).name
        assert name in event["options"]
        assert event["probabilities"] is None
        seen |= set(event["options"])
        assert tactics <= set(event["options"]) or not tactics & set(event["options"])
    assert seen == {"Preference Probing", "Category Search", "Suggestion", *tactics}


@pytest.mark.slow
def test_the_chosen_item_named_again_does_not_keep_the_dearer_one_from_being_shown(
    tmp_path: Path,
) -> None:
    def both(body: dict[str, Any]) -> tuple[int, Any]:
        reply, task = by_rote(body), body["messages"][-1]["content"]
        if reply["kind"] == "line" and "Make the case" in task:
            reply["items"] = re.findall(r"^id: (\S+)$", task, re.M)
        return 200, json.dumps({"reply": reply})

    with serving(both) as server:
        result = launched(server, tmp_path, SELLER + SEATS[SEATS.index("[[buyers]]") :])
    assert result.exit_code == 0, result.stderr
    assert not events_of(tmp_path / "run", "CommandRejected")
    shown = {event["showing"] for event in events_of(tmp_path / "run", "ItemsShown")}
    assert shown == {"suggestion", "upsell"}


def test_a_category_that_does_not_exist_is_no_obstacle(played: tuple[Path, Server]) -> None:
    run, _ = played
    categories = [event["category"] for event in events_of(run, "ProfileInferred")]
    assert categories
    assert categories == [["Nowhere", "x"]] * len(categories)
    assert min(event["fitting"] for event in events_of(run, "ItemsShown")) >= 1


def test_what_is_not_credible_is_said_again(played: tuple[Path, Server]) -> None:
    _, server = played
    tasks = [body["messages"][-1]["content"] for body in server.bodies]
    checks = sum("Check it like a stranger" in task for task in tasks)
    assert checks > 0
    assert checks == sum("Say it again without" in task for task in tasks)


def test_a_conversation_with_models_is_verified_offline(played: tuple[Path, Server]) -> None:
    result = sim("verify", played[0])
    assert result.exit_code == 0, result.stderr
    assert "12 markets played again" in result.stdout


def test_no_seller_is_told_who_the_buyer_is(played: tuple[Path, Server]) -> None:
    _, server = played
    sellers = [body for body in server.bodies if "shop assistant in a" in _said(body)[:100]]
    assert sellers
    assert not any("WHO YOU ARE" in _said(body) for body in sellers)


@pytest.mark.slow
def test_each_side_may_be_behavioral(tmp_path: Path) -> None:
    with serving(answering()) as server:
        result = launched(server, tmp_path, SELLER + CSUSER)
    assert result.exit_code == 0, result.stderr
    assert replayed(tmp_path / "run")["episodes"]["closed"] == 4


@pytest.mark.slow
def test_items_that_were_never_shown_are_rejected_and_recorded(tmp_path: Path) -> None:
    def invent(kind: str, reply: dict[str, Any]) -> dict[str, Any]:
        if kind == "line":
            return {**reply, "items": ["NO-SUCH-ITEM"]}
        return {**reply, "select": "B000"} if kind == "response" else reply

    with serving(answering(invent)) as server:
        result = launched(server, tmp_path, SEATS)
    assert result.exit_code == 0, result.stderr
    commands = {event["command"] for event in events_of(tmp_path / "run", "CommandRejected")}
    assert commands == {"ShowItems", "SelectItem"}
    assert not events_of(tmp_path / "run", "OrderPlaced")
    assert replayed(tmp_path / "run")["episodes"]["closed"] == 12


@pytest.mark.slow
@pytest.mark.parametrize(
    "change",
    quick(
        1,
        [
            {"action": "Dance"},
            {"action": "Persuasion", "tactic": "Framing"},
            {"action": "Suggestion", "tactic": "Framing"},
            {"style": "Impulsive"},
            {"extra": 1},
        ],
    ),
)
def test_a_plan_that_stays_malformed_is_a_visible_outcome(
    change: dict[str, Any], tmp_path: Path
) -> None:
    def spoil(kind: str, reply: dict[str, Any]) -> dict[str, Any]:
        return {**reply, **change} if kind == "plan" else reply

    with serving(answering(spoil)) as server:
        result = launched(server, tmp_path, SELLER + CSUSER)
    assert result.exit_code == 1
    rejected = events_of(tmp_path / "run", "OutputRejected")
    assert [event["stage"] for event in rejected] == ["planning"] * 4
    assert replayed(tmp_path / "run")["episodes"] == {
        "opened": 4,
        "closed": 0,
        "failed": 4,
        "superseded": 0,
    }


@pytest.mark.slow
def test_conversations_that_failed_are_counted_beside_the_measures(tmp_path: Path) -> None:
    def spoil(body: dict[str, Any]) -> tuple[int, Any]:
        reply = by_rote(body)
        if reply["kind"] == "plan" and any(
            one in _said(body) for one in ("Desk Chairs. My", "Brooms. My")
        ):
            reply["action"] = "Dance"
        return 200, json.dumps({"reply": reply})

    with serving(spoil) as server:
        launched(server, tmp_path, SELLER + CSUSER)
    failed = len(events_of(tmp_path / "run", "EpisodeFailed"))
    assert failed == 2
    outcome = table(load(tmp_path / "run"))
    sold = len(events_of(tmp_path / "run", "OrderPlaced"))
    bounds = f"csi ({failed} failed) {sold / 4:.1%} or {(sold + failed) / 4:.1%}."
    assert any(note.endswith(f"SR would be: {bounds}") for note in outcome.notes)
    assert outcome.rows[0].values[0].measured.n == 4 - failed


@pytest.mark.slow
def test_a_malformed_plan_is_asked_for_again(tmp_path: Path) -> None:
    failed: set[str] = set()

    def spoil_once(body: dict[str, Any]) -> tuple[int, Any]:
        reply = by_rote(body)
        first = _said(body)[:400]
        if reply["kind"] == "plan" and first not in failed:
            failed.add(first)
            return 200, "not JSON"
        return 200, json.dumps({"reply": reply})

    with serving(spoil_once) as server:
        result = launched(server, tmp_path, SELLER + CSUSER)
    assert result.exit_code == 0, result.stderr
    assert not events_of(tmp_path / "run", "OutputRejected")
    assert any("cannot be used" in body["messages"][-1]["content"] for body in server.bodies)


def _is_task(message: dict[str, Any]) -> bool:
    return message["role"] == "user" and "cannot be used" not in message["content"]


@pytest.mark.parametrize("agent", ["react", "pc-crs"])
def test_a_baseline_that_needs_a_model_says_so(agent: str, tmp_path: Path) -> None:
    text = f'[design]\nprotocol = "csales"\n[[sellers]]\nid = "s"\nagent = "{agent}"\n{CSUSER}'
    result = sim("launch", scenario(tmp_path, text), "--out", tmp_path / "run")
    assert result.exit_code == 2
    assert "sellers.s.model: give the NAME of the [models.NAME] table" in result.stderr
    assert f"table that {agent} asks" in result.stderr


@pytest.mark.slow
def test_a_stopped_conversation_run_pays_nothing_twice(tmp_path: Path) -> None:
    with serving(answering()) as server:
        assert launched(server, tmp_path, SEATS, name="whole").exit_code == 0
        calls = len(server.bodies)
        path = scenario(tmp_path, HEAD.format(url=server.url) + SEATS)
        cut = sim("launch", path, "--out", tmp_path / "cut", "--budget", "0.02")
        assert cut.exit_code == 3, cut.stderr
        resumed = sim("resume", tmp_path / "cut", "--budget", "10")
        assert resumed.exit_code == 0, resumed.stderr
        assert len(server.bodies) == 2 * calls
    assert event_lines(tmp_path / "cut") == event_lines(tmp_path / "whole")


# -- options by name ---------------------------------------------------------------------------

WHOLE_TABLE = """
[actions]
items = ["nearest", "dearest"]
discounts = [0, 10]
disclosure = ["none", "fee"]
category = ["nearest", "root"]
"""


def options_of(task: str) -> list[str]:
    found = re.findall(r"<<<OPTIONS\n(.*?)\nOPTIONS>>>", task, re.DOTALL)
    return found[-1].split("\n") if found else []


def named(body: dict[str, Any]) -> tuple[int, Any]:
    """A model that takes the option with most in it."""
    reply = by_rote(body)
    if reply["kind"] == "plan":
        options = options_of(_said(body))
        framing = [name for name in options if name.startswith("Persuasion: Framing")]
        only = all(name.startswith("Persuasion") for name in options)
        taken = max(framing, key=len) if only else "Suggestion: dearest, fee named"
        reply = {k: v for k, v in reply.items() if k not in ("action", "tactic")}
        reply["option"] = taken
    return 200, json.dumps({"reply": reply})


@pytest.mark.slow
def test_models_choose_by_name_where_options_have_more_than_act_and_tactic(
    tmp_path: Path,
) -> None:
    with serving(named) as server:
        result = launched(server, tmp_path, WHOLE_TABLE + SEATS)
        tasks = [body["messages"][-1]["content"] for body in server.bodies]
    assert result.exit_code == 0, result.stderr
    run = tmp_path / "run"
    assert replayed(run)["rejected_outputs"] == 0
    chosen = events_of(run, "ActionChosen")
    names = {option_chosen(msgspec.convert(event, ActionChosen)).name for event in chosen}
    assert names == {"Suggestion: dearest, fee named", "Persuasion: Framing, 10 % off, fee named"}
    assert all(event["probabilities"] is None for event in chosen)
    offered = {name for task in tasks for name in options_of(task)}
    assert offered == {name for event in chosen for name in event["options"]}
    assert "Category Search: root" in offered
    adds = "The shop itself adds to your words: the lowered price of the chosen item"
    assert all(adds in task for task in tasks if "Make the case" in task)
    bought = {e["episode"]: e["unit_price_cents"] for e in events_of(run, "OrderPlaced")}
    lowered = {e["episode"]: e["price_cents"] for e in events_of(run, "PriceLowered")}
    assert set(lowered.items()) & set(bought.items())
    said = [event["text"] for event in events_of(run, "MessageSent") if event["role"] == "seller"]
    assert any(" now, 10 % off. Shipping costs " in text for text in said)
    assert sim("verify", run).exit_code == 0


@pytest.mark.slow
def test_a_model_may_explore_and_its_propensities_stay_unknown(tmp_path: Path) -> None:
    with serving(answering()) as server:
        seat = SELLER + "options = { explore = 0.7, reasks = 1 }\n"
        result = launched(server, tmp_path, seat + CSUSER)
    assert result.exit_code == 0, result.stderr
    chosen = events_of(tmp_path / "run", "ActionChosen")
    assert {event["action"] for event in chosen} > {"Suggestion", "Persuasion"}
    assert all(event["probabilities"] is None for event in chosen)
    assert sim("verify", tmp_path / "run").exit_code == 0


def test_a_name_that_is_no_option_is_asked_for_again_and_then_fails(tmp_path: Path) -> None:
    def stubborn(body: dict[str, Any]) -> tuple[int, Any]:
        status, text = named(body)
        reply = json.loads(text)
        if reply["reply"]["kind"] == "plan":
            reply["reply"]["option"] = "Suggestion: priciest"
        return status, json.dumps(reply)

    with serving(stubborn) as server:
        launched(server, tmp_path, WHOLE_TABLE + SELLER + CSUSER)
        tasks = [body["messages"][-1]["content"] for body in server.bodies]
    said = "option Suggestion: priciest; allowed now: Preference Probing; "
    assert any(said in task for task in tasks)
    assert len(events_of(tmp_path / "run", "EpisodeFailed")) == 4
