"""A language model as the reader of claims: what it finds, who reads where it fails, the cost."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from retailsim import analysis
from retailsim.agents.llm.gateway.retry import Patience
from retailsim.agents.reading.reader import REASKS
from retailsim.analysis.report.content import report
from retailsim.analysis.report.page import page
from tests.sim.faultymodel import SPOILT, running, spoilt
from tests.sim.modelserver import Server, completion, serving
from tests.sim.runs import event_lines, events_of, outside_lines, replayed, scenario, sim

LIE = "It never breaks, guaranteed."
MIST = "Owners keep telling me how glad they are."
"""A claim that no rule finds."""
PITCH = f"Here is the {{title}}. {LIE} {MIST} Have a look at it."

SCENARIO = """
[products]
per_category = 1
[claims]
reader = "local"
[[sellers]]
id = "script"
agent = "script"
pitch_file = "pitch.txt"
[[buyers]]
id = "easy-shopper"
agent = "easy-shopper"
[[buyers]]
id = "steady-planner"
agent = "steady-planner"
[models.local]
provider = "openai-compatible"
model = "my-llama"
base_url = "{url}"
max_attempts = 2
deadline_s = 120.0
price = {{ input = 1.0, output = 2.0 }}
"""


def numbered(body: dict[str, Any]) -> dict[int, str]:
    """The sentences that a request asks about, by their numbers."""
    shown = body["messages"][1]["content"].split("<<<SENTENCES\n")[1].split("\nSENTENCES>>>")[0]
    lines = (line.partition(". ") for line in shown.splitlines())
    return {int(number): said for number, _, said in lines}


def finding(*claims: str) -> Callable[[dict[str, Any]], tuple[int, Any]]:
    """A model that finds these sentences wherever they are said."""

    def answer(body: dict[str, Any]) -> tuple[int, Any]:
        found = [
            {"sentence": number, "kind": "endorsement", "verdict": "unsupported"}
            for number, said in numbered(body).items()
            if said in claims
        ]
        return 200, json.dumps({"reply": {"kind": "reading", "claims": found}})

    return answer


def prepared(folder: Path, url: str) -> Path:
    (folder / "pitch.txt").write_text(PITCH)
    return scenario(folder, SCENARIO.format(url=url))


def launched(server: Server, folder: Path, *arguments: object, name: str = "run") -> Path:
    result = sim("launch", prepared(folder, server.url), "--out", folder / name, *arguments)
    assert result.exit_code == 0, result.stderr
    return folder / name


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Server]:
    with serving(finding(MIST)) as server:
        return launched(server, tmp_path_factory.mktemp("read")), server


@pytest.fixture(scope="module")
def by_rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rules")
    path = prepared(folder, "http://127.0.0.1:9/v1")
    done = sim("launch", path, "--out", folder / "run", "--set", 'claims.reader="rules"')
    assert done.exit_code == 0, done.stderr
    return folder / "run"


def claims(run: Path) -> Counter[tuple[str, str]]:
    return Counter((event["sentence"], event["rule"]) for event in events_of(run, "ClaimFound"))


def test_what_the_model_finds_is_what_counts(read: tuple[Path, Server]) -> None:
    """The rules would have found the lie and not the other; the model is believed in both."""
    run, _ = read
    assert claims(run) == {(MIST, "model"): 4}
    per_episode = {row["unsupported_claims"] for row in replayed(run)["sellers"]}
    assert per_episode == {1.0}


def test_the_log_says_of_every_text_who_read_it(read: tuple[Path, Server]) -> None:
    run, server = read
    texts = events_of(run, "ClaimsRead")
    assert len(texts) == len(server.bodies)
    assert {(text["reader"], text["by"], text["problem"]) for text in texts} == {
        ("local", "model", None)
    }
    assert Counter(text["claims"] for text in texts if text["stage"] == "pitch") == {1: 4}
    answers = [text for text in texts if text["stage"] == "pre_inquiry"]
    said = [event for event in events_of(run, "MessageSent") if event["role"] == "seller"]
    said = [event for event in said if event["stage"] == "pre_inquiry"]
    assert answers
    assert Counter((one["episode"], one["turn"]) for one in answers) == Counter(
        (one["episode"], one["turn"]) for one in said
    )


def test_the_model_reads_the_sheet_and_the_sentences_and_nothing_else(
    read: tuple[Path, Server],
) -> None:
    _, server = read
    for body in server.bodies:
        system, material, *_ = body["messages"]
        assert "You check what a seller says" in system["content"]
        assert "Returns: within" in material["content"]
        assert numbered(body)
    assert any(LIE in numbered(body).values() for body in server.bodies)


def test_its_calls_are_counted_as_the_readers(read: tuple[Path, Server]) -> None:
    run, server = read
    cost = replayed(run)["cost"]
    assert cost["calls"] == len(server.bodies)
    assert [(one["role"], one["stage"]) for one in cost["stages"]] == [("reader", "reading")]
    assert cost["cost_nanousd"] > 0


def test_reading_takes_no_market_time(read: tuple[Path, Server], by_rules: Path) -> None:
    """Beside the claims themselves, everything up to the decisions is as if the rules had read."""
    kinds = ("PitchPresented", "TopicsChosen", "MessageSent", "DecisionMade")

    def told(run: Path) -> list[tuple[Any, ...]]:
        events = [event for kind in kinds for event in events_of(run, kind)]
        before = [one for one in events if one.get("stage") != "post_inquiry"]
        return sorted((one["type"], str(one["episode"]), one["t"]) for one in before)

    assert told(read[0]) == told(by_rules)


def test_a_run_is_verified_without_asking_again(read: tuple[Path, Server]) -> None:
    run, server = read
    before = len(server.bodies)
    verified = sim("verify", run)
    assert verified.exit_code == 0, verified.stderr
    assert "every event is the same" in verified.stdout
    assert len(server.bodies) == before


@pytest.mark.slow
def test_the_report_says_who_read(read: tuple[Path, Server], by_rules: Path) -> None:
    told = page(report(read[0], {}))
    assert "the language model local" in told
    assert MIST in told
    assert "language model" not in page(report(by_rules, {})).partition("Claims")[2][:600]
    readings = analysis.load(read[0]).tables["readings"]
    assert set(readings["by"]) == {"model"}
    assert analysis.load(by_rules).tables["readings"].is_empty()


# -- a reader that fails ---------------------------------------------------------------------


FAULTS: dict[str, Any] = {
    "refusal": lambda body: (200, completion(body, "", "refusal")),
    "prose": lambda body: (200, "Well, that depends on many things."),
    "no such sentence": lambda body: (200, reply(sentence=999)),
    "no such kind": lambda body: (200, reply(kind="lie")),
    "twice": lambda body: (200, reply(sentence=1, times=2)),
    "cut off": lambda body: (200, completion(body, '{"reply": {"kind": "rea', "length")),
    "http 400": lambda body: (400, {"error": {"message": "schema is too deep"}}),
}
"""The last one only behind an answer: a model that refuses everything stops the run."""


def answering_once(fault: Callable[[dict[str, Any]], tuple[int, Any]]) -> Any:
    """Prose for the first request, and the fault for all others."""
    asked: list[Any] = []

    def answer(body: dict[str, Any]) -> tuple[int, Any]:
        asked.append(body)
        told: tuple[int, Any] = FAULTS["prose"](body) if len(asked) == 1 else fault(body)
        return told

    return answer


def reply(sentence: int = 1, kind: str = "fact", times: int = 1) -> str:
    found = [{"sentence": sentence, "kind": kind, "verdict": "unsupported"}] * times
    return json.dumps({"reply": {"kind": "reading", "claims": found}})


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_where_the_model_fails_the_rules_read_and_no_episode_ends(
    tmp_path: Path, by_rules: Path, fault: str
) -> None:
    with serving(answering_once(FAULTS[fault])) as server:
        one = ("--set", "models.local.max_in_flight=1")
        run = launched(server, tmp_path, "--set", "products.per_category=1", *one)
    assert replayed(run)["episodes"] == replayed(by_rules)["episodes"]
    assert claims(run) == claims(by_rules)
    texts = events_of(run, "ClaimsRead")
    assert {text["by"] for text in texts} == {"rules"}
    assert all(text["problem"] for text in texts)
    verified = sim("verify", run)
    assert verified.exit_code == 0, verified.stderr


@pytest.mark.slow
def test_what_fails_is_asked_again_as_often_as_the_reader_may(tmp_path: Path) -> None:
    with serving(FAULTS["prose"]) as server:
        run = launched(server, tmp_path)
    assert len(server.bodies) == len(events_of(run, "ClaimsRead")) * (1 + REASKS)
    told = " ".join(page(report(run, {})).split())
    assert "by the rules, because the model failed" in told


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_a_reader_that_fails_now_and_then_is_replaced_text_by_text(
    tmp_path: Path, by_rules: Path, seed: int
) -> None:
    """Faults by seed: each text is read by the one or the other, and the log says by whom."""

    def now_and_then(body: dict[str, Any]) -> tuple[int, Any]:
        text = "\n".join(numbered(body).values())
        draw = random.Random(f"{seed}/{sha256(text.encode()).hexdigest()}")
        good = finding(MIST)(body)[1]
        fault = draw.choice(SPOILT) if draw.random() < 0.5 else "ok"
        if fault == "refusal":
            refused: tuple[int, Any] = FAULTS["refusal"](body)
            return refused
        return 200, completion(body, spoilt(good, fault), "length" if fault == "length" else "stop")

    with serving(now_and_then) as server:
        run = launched(server, tmp_path)
    assert replayed(run)["episodes"] == replayed(by_rules)["episodes"]
    pitches = {one["market"]: one["by"] for one in events_of(run, "ClaimsRead")
               if one["stage"] == "pitch"}  # fmt: skip
    for event in events_of(run, "ClaimFound"):
        expected = (MIST,) if pitches[event["market"]] == "model" else (LIE,)
        assert event["sentence"] in expected
    assert set(Counter(one["by"] for one in events_of(run, "ClaimsRead"))) == {"model", "rules"}
    assert sim("verify", run).exit_code == 0


# -- stopping, money, mistakes ---------------------------------------------------------------


@pytest.mark.slow
def test_a_run_that_lost_its_end_asks_only_for_what_is_missing(tmp_path: Path) -> None:
    with serving(finding(MIST)) as server:
        run = launched(server, tmp_path)
        reference, paid = event_lines(run), len(server.bodies)
        (segment,) = (run / "events").glob("*.jsonl")
        (run / "events" / "SEAL").unlink()
        opened = segment.rename(segment.with_suffix(".jsonl.open"))
        lines = opened.read_bytes().splitlines(keepends=True)
        asked = [number for number, line in enumerate(lines) if b'"ModelCalled"' in line]
        opened.write_bytes(b"".join(lines[: asked[paid // 2]]))
        kept = len(outside_lines(run))
        assert 0 < kept < paid
        resumed = sim("resume", run)
        assert resumed.exit_code == 0, resumed.stderr
        assert len(server.bodies) == paid + (paid - kept)
    assert event_lines(run) == reference


@pytest.mark.slow
def test_a_provider_that_is_down_stops_the_run_and_a_resume_goes_on(tmp_path: Path) -> None:
    calls = 0

    def breaking(body: dict[str, Any]) -> tuple[int, Any]:
        nonlocal calls
        calls += 1
        if calls > 5:
            return 402, {"error": {"message": "no credit left"}}
        return finding(MIST)(body)

    with serving(breaking) as server:
        path = prepared(tmp_path, server.url)
        stopped = sim("launch", path, "--out", tmp_path / "run")
        assert stopped.exit_code == 3, stopped.stderr
        assert not events_of(tmp_path / "run", "EpisodeFailed")
        server.answering = finding(MIST)
        assert sim("resume", tmp_path / "run").exit_code == 0
    assert {one["by"] for one in events_of(tmp_path / "run", "ClaimsRead")} == {"model"}


def test_the_estimate_counts_the_reader_and_is_near(read: tuple[Path, Server]) -> None:
    run, server = read
    told = json.loads(sim("launch", run.parent / "scenario.toml", "--dry-run", "--json").stdout)
    [model] = told["estimate"]["models"]
    assert told["models"] == ["local"]
    # One pitch a market, and the published 3.3 answers an episode: 4 + 8 x 3.3.
    assert model["calls"] == round(4 + 8 * 3.3)
    asked = sum(len(json.dumps(body["messages"])) for body in server.bodies) / len(server.bodies)
    assert 0.5 < model["input_tokens"] / model["calls"] / (asked / 4) < 2.0
    assert model["dollars"] < model["most_dollars"]


@pytest.mark.slow
def test_a_budget_reserves_for_the_reader_and_is_not_passed(tmp_path: Path) -> None:
    with serving(finding(MIST)) as server:
        path = prepared(tmp_path, server.url)
        small = sim("launch", path, "--out", tmp_path / "run", "--budget", 0.001)
        assert small.exit_code == 3, small.stderr
        assert not server.bodies
        assert sim("resume", tmp_path / "run", "--budget", 100).exit_code == 0
    cost = replayed(tmp_path / "run")["cost"]["cost_nanousd"]
    told = json.loads(sim("launch", path, "--dry-run", "--json").stdout)["estimate"]
    assert cost <= told["most_dollars"] * 1e9


def test_a_reader_can_be_named_as_provider_and_model(tmp_path: Path) -> None:
    path = prepared(tmp_path, "http://127.0.0.1:9/v1")
    told = sim("launch", path, "--dry-run", "--json", "--set", 'claims.reader="openai/gpt-5-mini"')
    assert told.exit_code == 0, told.stderr
    assert json.loads(told.stdout)["models"] == ["openai/gpt-5-mini"]


def test_a_reader_that_nobody_describes_is_one_line(tmp_path: Path) -> None:
    path = prepared(tmp_path, "http://127.0.0.1:9/v1")
    done = sim("launch", path, "--dry-run", "--set", 'claims.reader="gpt"')
    assert done.exit_code == 2
    [line] = done.stderr.splitlines()
    assert "claims.reader: there is no [models.gpt] table; known: rules, none, local" in line


def test_a_reader_needs_the_texts_in_the_log(tmp_path: Path) -> None:
    path = prepared(tmp_path, "http://127.0.0.1:9/v1")
    done = sim("launch", path, "--dry-run", "--set", "design.transcripts=false")
    assert done.exit_code == 2
    assert "design.transcripts: must be true" in done.stderr


# -- sales conversations ---------------------------------------------------------------------


TALKS = """
[profiles]
count = 6
[design]
protocol = "csales"
max_turns = 8
[claims]
reader = "local"
[[sellers]]
id = "csi"
agent = "csi"
[[buyers]]
id = "csuser"
agent = "csuser"
[models.local]
provider = "openai-compatible"
model = "my-llama"
base_url = "{url}"
max_attempts = 2
deadline_s = 120.0
price = {{ input = 1.0, output = 2.0 }}
"""


def talked(folder: Path, answering: Callable[[dict[str, Any]], tuple[int, Any]]) -> Path:
    with serving(answering) as server:
        path = scenario(folder, TALKS.format(url=server.url), "talks.toml")
        result = sim("launch", path, "--out", folder / "run")
    assert result.exit_code == 0, result.stderr
    assert sim("verify", folder / "run").exit_code == 0
    return folder / "run"


def spoken(run: Path) -> list[Any]:
    kept = ("MessageSent", "OrderPlaced", "BuyerLeft")
    return sorted(
        (event["episode"], event["t"], event["type"], event.get("text", ""))
        for kind in kept
        for event in events_of(run, kind)
    )


@pytest.fixture(scope="module")
def plain_talks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plain")
    path = scenario(folder, TALKS.format(url="http://127.0.0.1:9/v1"), "talks.toml")
    done = sim("launch", path, "--out", folder / "run", "--set", 'claims.reader="rules"')
    assert done.exit_code == 0, done.stderr
    return folder / "run"


@pytest.mark.slow
def test_each_message_about_an_item_is_read_by_the_model(tmp_path: Path, plain_talks: Path) -> None:
    run = talked(tmp_path, lambda body: (200, reply()))  # the first sentence of every message
    texts, found = events_of(run, "ClaimsRead"), events_of(run, "ClaimFound")
    assert {(text["by"], text["stage"], text["claims"]) for text in texts} == {
        ("model", "sales", 1)
    }
    shown = {event["episode"] for event in events_of(run, "ItemsShown")}
    assert {text["episode"] for text in texts} == shown
    [seller] = replayed(run)["sellers"]
    assert seller["unsupported_claims"] == pytest.approx(len(found) / 6)
    assert replayed(plain_talks)["sellers"][0]["unsupported_claims"] == 0
    assert len(found) == len(texts)
    assert {one["rule"] for one in found} == {"model"}
    sold = [len(events_of(one, "OrderPlaced")) for one in (run, plain_talks)]
    assert sold[0] < sold[1], "whom buyers do not believe sells less"
    told = page(report(run, {}))
    assert "the language model local" in told
    assert "trust such a seller less" in told
    [seller] = replayed(run)["sellers"]
    assert seller["unsupported_claims"] == pytest.approx(len(found) / seller["decided"])
    assert "claims no product sheet supports, per episode: csi" in sim("replay", run).stdout
    assert "claims no product sheet" not in sim("replay", plain_talks).stdout
    assert not events_of(plain_talks, "ClaimsRead")
    assert "trust such a seller less" not in page(report(plain_talks, {}))


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["refusal", "prose"])
def test_a_reader_that_fails_leaves_a_conversation_as_the_rules_do(
    tmp_path: Path, plain_talks: Path, fault: str
) -> None:
    run = talked(tmp_path, FAULTS[fault])
    assert {text["by"] for text in events_of(run, "ClaimsRead")} == {"rules"}
    assert spoken(run) == spoken(plain_talks)
    told = " ".join(page(report(run, {})).split())
    assert "by the rules, because the model failed" in told, "also where nothing was found"
    assert "because the model failed" not in page(report(plain_talks, {}))


def test_a_conversations_estimate_counts_the_reader(plain_talks: Path) -> None:
    path = plain_talks.parent / "talks.toml"
    told = json.loads(sim("launch", path, "--dry-run", "--json").stdout)
    [model] = told["estimate"]["models"]
    assert model["calls"] == 6 * 5  # a message of the seller for each but the last of six turns


# -- a storm ---------------------------------------------------------------------------------


@pytest.mark.slow
def test_in_a_hail_of_faults_no_text_goes_unread_and_nothing_is_paid_twice(
    tmp_path: Path, by_rules: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fifth of the requests meet a fault of the exchange or of the answer, by seed."""
    quick = partial(Patience, base_s=0.02, cap_s=0.1)
    monkeypatch.setattr("retailsim.agents.llm.gateway.call.Patience", quick)
    with running() as remote:
        remote.begin(share=0.2, seed=4)
        path = prepared(tmp_path, remote.url)
        path.write_text(path.read_text().replace("max_attempts = 2", "timeout_s = 1.0"))
        done = sim("launch", path, "--out", tmp_path / "run")
        assert done.exit_code == 0, done.stderr
        _, answered, faults = remote.counts()
    run = tmp_path / "run"
    assert len(set(faults) - {"ok"}) > 2
    logged = Counter(json.loads(line)["request_sha256"] for line in outside_lines(run))
    assert logged == answered
    assert replayed(run)["episodes"]["failed"] == 0
    readers = Counter(text["by"] for text in events_of(run, "ClaimsRead"))
    assert readers["model"] > 20, "an answer that is spoilt is asked for again"
    # Who reads changes which orders have an issue, and nothing that is said before the decision.
    asked = [one for one in events_of(run, "MessageSent") if one["stage"] == "pre_inquiry"]
    same = [one for one in events_of(by_rules, "MessageSent") if one["stage"] == "pre_inquiry"]
    assert readers.total() == 4 + sum(one["role"] == "seller" for one in asked)
    assert len(asked) == len(same)
    verified = sim("verify", run)
    assert verified.exit_code == 0, verified.stderr
