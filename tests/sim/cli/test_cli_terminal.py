"""What is printed where: tables for people, one object for programs, nothing a terminal obeys."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.sim.runs import ROOT, SMALL, command, launched, process, scenario, sim
from tests.sim.scenario.test_behavioral_values import PAPER

ODD = """
[products]
per_category = 1
[[sellers]]
id = "日本語…[bold]"
[[buyers]]
id = "b"
"""


def shell(line: str, *arguments: object) -> subprocess.CompletedProcess[bytes]:
    """Run the program with what a shell does to its streams; the status is the program's."""
    return subprocess.run(
        ["bash", "-c", f'"$@" {line}; exit ${{PIPESTATUS[0]}}', "-", *command(*arguments)],
        cwd=ROOT,
        capture_output=True,
        check=False,
        timeout=60,
    )


def on_terminal(arguments: Sequence[object], columns: int = 80, **environment: str) -> str:
    """Run the program on a terminal of its own; returns what appears on it."""
    leader, follower = pty.openpty()
    child = subprocess.Popen(
        ["bash", "-c", f'stty cols {columns}; exec "$@"', "-", *command(*arguments)],
        cwd=ROOT,
        stdin=follower,
        stdout=follower,
        stderr=follower,
        env={**os.environ, "TERM": "xterm-256color", **environment},
    )
    os.close(follower)
    seen = bytearray()
    try:
        while part := os.read(leader, 65536):
            seen += part
    except OSError:  # how a terminal says that nobody is at its other end any more
        pass
    finally:
        os.close(leader)
    assert child.wait() == 0
    return seen.decode()


def test_the_order_is_title_sellers_buyers_pairs_and_the_folder(tmp_path: Path) -> None:
    result = sim("launch", *SMALL, "--out", tmp_path / "run")
    lines = [line.strip() for line in result.stdout.splitlines() if line.strip()]
    places = [
        lines.index(next(line for line in lines if line.startswith(beginning)))
        for beginning in (
            "Episodes",
            "Sellers",
            "Buyers",
            "All",
            "100 of 100 episodes",
            "Net revenue of each pair",
        )
    ]
    assert places == sorted(places)
    assert lines[-1] == f"run: {tmp_path / 'run'}"
    assert "$" in result.stdout


def test_what_is_run_is_said_first_on_stderr(tmp_path: Path) -> None:
    result = sim("launch", *SMALL, "--seed", 7, "--out", tmp_path / "run")
    run = tmp_path / "run"
    assert result.stderr == (
        f"pairwise: 100 episodes, 4 products, 5 sellers, 5 buyers, seed 7\nin {run}\n"
        f"{PAPER}\n"
        f"its report: python -m sim report {run}\n"
    )


def test_a_single_thing_is_not_said_to_be_many(tmp_path: Path) -> None:
    path = scenario(tmp_path, ODD)
    result = sim("launch", path, "--set", 'products.ids=["RSHO000003"]', "--dry-run")
    assert result.stdout == (
        "scenario: 1 episode, 1 product, 1 seller, 1 buyer, seed 1; 1 market; nothing is spent\n"
        f"{PAPER.removesuffix('; levels of buyers from their profiles')}\n"
    )


def test_json_is_one_object_and_words_go_to_stderr(tmp_path: Path) -> None:
    result = sim("launch", *SMALL, "--out", tmp_path / "run", "--json", "--budget", 3)
    said = json.loads(result.stdout)
    assert result.stdout.count("\n") == 1
    assert said["run"] == str(tmp_path / "run")
    assert said["overall"]["episodes"] == 100
    assert "--budget: no language model takes part, so nothing is spent" in result.stderr
    again = sim("replay", tmp_path / "run", tmp_path / "run", "--json")
    assert said.pop("behavioral")["set"] == "paper"
    assert json.loads(again.stdout) == {"runs": [said, said]}


def test_a_dry_run_as_json_is_one_object_too(tmp_path: Path) -> None:
    said = json.loads(sim("launch", *SMALL, "--dry-run", "--json").stdout)
    assert said.pop("behavioral")["set"] == "paper"
    assert said == {
        "run": None,
        "overall": None,
        "name": "pairwise",
        "seed": 1,
        "episodes": 100,
        "markets": 20,
        "products": 4,
        "models": [],
        "estimate": None,
    }


@pytest.mark.slow
def test_no_colour_and_no_bar_where_there_is_no_terminal(tmp_path: Path) -> None:
    done = process("launch", *SMALL, "--out", tmp_path / "run", TERM="xterm-256color")
    assert done.returncode == 0
    assert "\x1b" not in done.stdout + done.stderr
    assert done.stderr.count("\n") == 4


@pytest.mark.slow
def test_a_terminal_shows_a_bar_with_what_is_left_and_colours(tmp_path: Path) -> None:
    seen = on_terminal(["launch", *SMALL, "--out", tmp_path / "run"])
    assert "100 of 100 episodes" in seen
    assert re.search(r"after \d:\d\d:\d\d", seen)
    assert re.search(r"\x1b\[[\d;]*48;5;", seen)


@pytest.mark.slow
@pytest.mark.parametrize("columns", [80, 120])
def test_nothing_is_wider_than_the_terminal(tmp_path: Path, columns: int) -> None:
    launched(tmp_path / "run", *SMALL)
    seen = on_terminal(["replay", tmp_path / "run"], columns)
    plain = re.sub(r"\x1b\[[\d;]*m", "", seen)
    tables = [line.rstrip() for line in plain.splitlines() if not line.startswith("run: ")]
    assert max(len(line) for line in tables) <= columns
    assert "bargain-" in plain


@pytest.mark.slow
def test_no_color_is_respected(tmp_path: Path) -> None:
    launched(tmp_path / "run", *SMALL)
    seen = on_terminal(["replay", tmp_path / "run"], NO_COLOR="1")
    assert not re.search(r"\x1b\[[\d;]*(38|48);", seen)


@pytest.mark.slow
@pytest.mark.parametrize(
    "line",
    [
        "| head -1",
        ">&- 2>&-",
        pytest.param("| true", marks=pytest.mark.slow),
        pytest.param(">&-", marks=pytest.mark.slow),
        pytest.param("2>&-", marks=pytest.mark.slow),
        pytest.param("2>&1 | true", marks=pytest.mark.slow),
    ],
)
def test_a_run_ends_well_where_nobody_reads(tmp_path: Path, line: str) -> None:
    done = shell(line, "launch", *SMALL, "--out", tmp_path / "run")
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr
    assert (tmp_path / "run" / "events" / "SEAL").exists()


@pytest.mark.slow
def test_an_output_that_knows_few_letters_is_no_error(tmp_path: Path) -> None:
    path = scenario(tmp_path, ODD)
    done = process("launch", path, "--out", tmp_path / "run", PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert "???" in done.stdout
    told = process("replay", tmp_path / "run", "--json", PYTHONIOENCODING="ascii")
    assert json.loads(told.stdout)["sellers"][0]["seller"] == "日本語…[bold]"


@pytest.mark.parametrize(
    "name",
    [
        os.fsdecode(b"a'\n b\x1b[31mc[red]\xff"),
        *(
            pytest.param(name, marks=pytest.mark.slow)
            for name in ("a b'c", "a\nb", "c\x1b[31md", os.fsdecode(b"e\xff"), "[red]")
        ),
    ],
)
def test_folders_of_any_name_are_run_replayed_and_verified(tmp_path: Path, name: str) -> None:
    result = sim("launch", *SMALL, "--out", tmp_path / name)
    assert result.exit_code == 0, result.stderr
    assert "\x1b" not in result.stdout + result.stderr
    assert sim("replay", tmp_path / name).exit_code == 0
    assert json.loads(sim("replay", tmp_path / name, "--json").stdout)["episodes"]["closed"] == 100
    verified = sim("verify", tmp_path / name)
    assert verified.exit_code == 0
    assert "\x1b" not in verified.stdout


@pytest.mark.parametrize("word", ["a\nb", "a\x1b[2Jb", "a\u202eb"])
def test_errors_are_one_line_of_plain_text(word: str) -> None:
    for arguments in (["launch", word], ["replay", word], ["launch", "--set", f"run.{word}=1"]):
        result = sim(*arguments)
        assert result.exit_code == 2
        assert result.stderr.count("\n") == 1
        assert result.stderr.rstrip("\n").isprintable()


def test_the_agents_are_listed_for_each_role() -> None:
    text = sim("agents").stdout
    sellers, buyers, sales_sellers, sales_buyers = re.split(
        r" (?:csales sellers|(?:csales )?buyers) ", text
    )
    for name in ("csi", "fixed-script", "random-action", "react", "pc-crs"):
        assert name in sales_sellers
    assert "csuser" in sales_buyers
    for name in ("behavioral", "script", "bold-showman", "quiet-clerk"):
        assert name in sellers
    for name in ("behavioral", "easy-shopper", "careful-saver"):
        assert name in buyers
    assert "``" not in text


@pytest.mark.slow
def test_an_agent_is_checked_by_its_name(tmp_path: Path) -> None:
    passed = sim("agents", "check", "retailsim.agents.retail.behavioral.buyer:BehavioralBuyer")
    assert passed.exit_code == 0, passed.stdout
    assert passed.stdout.startswith(
        "retailsim.agents.retail.behavioral.buyer:BehavioralBuyer as a buyer:\n"
    )
    assert (
        sim("agents", "check", "retailsim.agents.retail.behavioral.script:ScriptSeller").exit_code
        == 1
    )
    pitch = tmp_path / "pitch.txt"
    pitch.write_text("These beans are roasted weekly. Try them.")
    words = ("--set", f"pitch_file={pitch}", "--role", "seller")
    scripted = sim(
        "agents", "check", "retailsim.agents.retail.behavioral.script:ScriptSeller", *words
    )
    assert scripted.exit_code == 0, scripted.stdout
    unknown = sim("agents", "check", "nope:Nope")
    assert unknown.exit_code == 2
    assert "there is no module nope" in unknown.stderr


def test_an_agent_is_checked_for_the_protocol_that_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bare `Agent` is taken for one of the default protocol, until it is told otherwise."""
    (tmp_path / "bare_agents.py").write_text(
        "from retailsim.agents.base import Agent\n\n"
        "class Silent(Agent):\n    async def receive(self, message):\n        return None\n"
    )
    monkeypatch.chdir(tmp_path)
    words = ("agents", "check", "bare_agents:Silent", "--role", "buyer")
    assert "answered ChooseTopics with None" in sim(*words).stdout
    assert "answered OpenConversation with None" in sim(*words, "--protocol", "csales").stdout
    unknown = sim(*words, "--protocol", "nope")
    assert unknown.exit_code == 2
    assert "no protocol is called 'nope'" in unknown.stderr
