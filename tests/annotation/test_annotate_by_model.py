"""A model as rater: the same items, a file of the same kind, always marked, gone on with."""

from __future__ import annotations

import errno
import json
from pathlib import Path
from typing import Any

import pytest

from retailsim.agents.llm.talk import templates
from retailsim.analysis.annotation import form
from retailsim.analysis.annotation.tasks import TASKS
from retailsim.sim.raters.model_rater import told
from tests.annotation.exports import HOSTILE, hostile_sheet, run_of
from tests.sim.modelserver import serving
from tests.sim.runs import sim


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    run = run_of("persona-buyers")
    out = tmp_path / "out"
    assert sim("annotate", "export", run, "--out", out, "--each", 1, "--pairs", 1).exit_code == 0
    return out


def asked_for(body: dict[str, Any]) -> str:
    return (
        "choice"
        if 'Reply of kind "choice"' in json.dumps(body["messages"])[-200:].replace('\\"', '"')
        else "rating"
    )


def by_model(body: dict[str, Any]) -> tuple[int, Any]:
    kind = asked_for(body)
    said = {"rating": 4} if kind == "rating" else {"choice": "A"}
    return 200, json.dumps({"reply": {"kind": kind, "reason": "It says so.", **said}})


def rated(out: Path, url: str, *more: object) -> Any:
    settings = ("--set", f"base_url={url}", "--set", "price={input=1.0,output=2.0}")
    model = ("--model", "openai-compatible/llama", "--set", "max_attempts=1")
    return sim("annotate", "rate", out, *model, *settings, *more)


RATINGS = "ratings-model-openai-compatible-llama.json"


@pytest.mark.slow
def test_a_model_rates_what_raters_see_and_is_marked_as_a_model(exported: Path) -> None:
    with serving(by_model) as server:
        result = rated(exported, server.url)
        asked = len(server.bodies)
        text = json.dumps(server.bodies)
    assert result.exit_code == 0, result.stderr
    items = form.read(exported / "form.html").items
    assert asked == len(items) == 8
    assert "$" in result.stderr
    for answer in json.loads((exported / "key.json").read_text())["items"]:
        assert not any(episode in text for episode in answer["episodes"])
    saved = json.loads((exported / RATINGS).read_text())
    assert (saved["rater"], saved["kind"]) == ("model:openai-compatible/llama", "model")
    assert {entry["rating"] for entry in saved["ratings"]} == {4, "A"}
    done = sim("annotate", "score", exported, exported / RATINGS, "--json")
    found = json.loads(done.stdout)
    assert [rater["label"] for rater in found["raters"]] == ["model: openai-compatible/llama"]
    assert {task["kind"] for task in (*found["tasks"], *found["traits"])} == {"model"}


def test_what_is_rated_is_not_asked_again(exported: Path) -> None:
    def until_two(body: dict[str, Any]) -> tuple[int, Any]:
        if len(server.bodies) > 2:
            return 401, {"error": {"code": "invalid_api_key", "message": "gone"}}
        return by_model(body)

    with serving(until_two) as server:
        stopped = rated(exported, server.url, "--set", "max_in_flight=1")
        assert stopped.exit_code == 3, stopped.stderr
        assert "run it again" in stopped.stderr
        assert len(json.loads((exported / RATINGS).read_text())["ratings"]) == 2
        server.answering = by_model
        before = len(server.bodies)
        assert rated(exported, server.url).exit_code == 0
        assert len(server.bodies) == before + 6
        assert rated(exported, server.url).exit_code == 0
        assert len(server.bodies) == before + 6
    assert len(json.loads((exported / RATINGS).read_text())["ratings"]) == 8


@pytest.mark.slow
def test_an_answer_that_stays_unusable_is_said_and_left_open(exported: Path) -> None:
    def broken(body: dict[str, Any]) -> tuple[int, Any]:
        reply = {"kind": asked_for(body), "reason": "So.", "rating": 9, "choice": "C"}
        return 200, json.dumps({"reply": reply})

    with serving(broken) as server:
        result = rated(exported, server.url)
    assert result.exit_code == 0
    assert "8 items without a usable answer" in result.stderr
    assert not (exported / RATINGS).exists()


@pytest.mark.parametrize(
    "found", [b"no JSON", b'{"rater": "a\xff"}', b'{"ratings": ' + b"[" * 9_000]
)
def test_a_file_that_is_no_ratings_is_not_gone_on_with(exported: Path, found: bytes) -> None:
    (exported / RATINGS).write_bytes(found)
    with serving(by_model) as server:
        result = rated(exported, server.url)
    assert (result.exit_code, server.bodies) == (2, [])
    assert "it holds no ratings to continue from" in result.stderr
    assert (exported / RATINGS).read_bytes() == found


@pytest.mark.slow
def test_a_rating_that_cannot_be_kept_leaves_the_file_as_it_was(
    exported: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Path, target: Path) -> Path:
        raise OSError(errno.ENOSPC, "No space left on device", str(self))

    before = sorted(exported.iterdir())
    monkeypatch.setattr(Path, "replace", full)
    with serving(by_model) as server:
        result = rated(exported, server.url)
    assert result.exit_code == 3
    assert "No space left on device; the ratings so far are kept" in result.stderr
    assert sorted(exported.iterdir()) == before


def test_the_ratings_of_others_are_not_gone_on_with(exported: Path) -> None:
    (exported / RATINGS).write_text('{"export": "other", "rater": "ann", "ratings": []}')
    with serving(by_model) as server:
        result = rated(exported, server.url)
    assert result.exit_code == 2
    assert "ratings by 'ann' of export 'other'; choose another --out" in result.stderr


@pytest.mark.parametrize("item", hostile_sheet().items, ids=lambda item: item.task)
def test_what_is_rated_is_fenced_and_no_blank_is_left(item: Any) -> None:
    prompt = told(item, TASKS[item.task])
    assert HOSTILE.split("{{")[0] in prompt
    assert prompt.count("<<<") == prompt.count(">>>") >= 2
    assert TASKS[item.task].question in prompt
    for name in ("annotate_likert", "annotate_pair"):
        blanks = {part.split("}")[0] for part in templates.text(name).split("{")[1:]}
        assert blanks <= {"question", "stars", "criteria", "material"}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--model", "llama"), "must be PROVIDER/MODEL"),
        (("--model", "openai-compatible/x", "--set", "colour=red"), "colour"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    exported: Path, arguments: tuple[str, ...], says: str
) -> None:
    result = sim("annotate", "rate", exported, *arguments)
    assert result.exit_code == 2
    assert says in result.stderr
