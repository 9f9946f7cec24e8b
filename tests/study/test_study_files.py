"""`study RUN` without a server: links, people.csv, ids.csv, bonus.csv, and who withdraws."""

from __future__ import annotations

import csv
import io
import json
import shutil
import socket
import stat
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retailsim.agents.person.bot import Bot
from retailsim.agents.person.desk import Desk
from retailsim.events.log.lock import RunLock, is_held
from retailsim.sim.study import serve
from retailsim.sim.study.cells import csv_text
from retailsim.sim.study.made import study_again
from retailsim.sim.study.organiser.monitor import rows
from retailsim.sim.study.places import Places
from retailsim.sim.study.register import Register
from tests.sim.runs import event_lines, sim
from tests.study.seated import HOSTILE
from tests.study.test_session import beside, small
from tests.waiting import until

BONUS = "study.bonus={base_cents=50, share=0.1, budget_cents=50000, most_cents=9000}"
PLAYED = 2


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of six: two are done, one left, one refused, one withdrew, one seat is free."""
    folder = tmp_path_factory.mktemp("study")
    study = small(folder, 6, BONUS)
    session = study.session

    def take_part() -> None:
        people = [
            session.opened(session.link(seat), {"PROLIFIC_PID": f"id-{seat}", "seat": HOSTILE})
            for seat in session.seats[:5]
        ]
        session.end(people[3], "screened out", "refused consent")
        gone = session.keep(msgspec.structs.replace(people[2], stage="play"))
        until(lambda: session.question("p003") is not None)
        session.dismiss(gone, "failed", "left")
        Bot(session.desk, seed=4).attend()
        for one in (people[0], people[1], people[4]):
            session.keep(msgspec.structs.replace(one, stage="play", conversation=PLAYED))
        until(lambda: all(session.all_played(seat) for seat in ("p001", "p002", "p005")))
        for one in (people[0], people[1], people[4]):
            answers = {"why": HOSTILE, "liked": ["price", "talk"], "age": 31}
            known = session.register.participant(one.seat)
            assert known is not None
            session.end(msgspec.structs.replace(known, answers=answers), "done")

    beside(study, take_part)
    withdrew = session.register.participant("p005")
    assert withdrew is not None
    session.withdraw(withdrew)
    return folder / "run"


def table(file: Path) -> dict[str, dict[str, str]]:
    """The rows of a file, by seat."""
    with file.open(newline="") as lines:
        return {row["seat"]: row for row in csv.DictReader(lines)}


def test_tables_say_what_the_log_says(played: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert sim("study", played, "--export", out).exit_code == 0
    people, ids, bonus = (table(out / f"{name}.csv") for name in ("people", "ids", "bonus"))
    assert people.keys() == {"p001", "p002", "p003", "p004", "p006"}
    assert people["p006"]["stage"] == "free"
    assert people["p004"]["code"] == "SCREENEDOUT"
    assert people["p001"]["answer.why"] == f"'{HOSTILE}"
    assert people["p001"]["answer.liked"] == "price; talk"
    assert people["p003"]["c1.gone"] == "leave"
    assert {row["code"] for row in ids.values()} == {"DONE", "SCREENEDOUT", "FAILED"}
    assert ids["p002"]["panel.PROLIFIC_PID"] == "id-p002"
    text = (out / "people.csv").read_text() + (out / "bonus.csv").read_text()
    assert "id-p0" not in text, "ids stand in a file of their own"
    # By hand, from the events: what each market of a seat cost its buyer.
    spent = _spent(played)
    for seat in ("p001", "p002", "p005"):
        markets = [one for one in spent if f"-{seat}" in one or seat in one]
        assert len(markets) == PLAYED
        left = sum(max(0, 50_000 - spent[market]) for market in markets)
        assert int(bonus[seat]["bonus_cents"]) == min(9_000, 50 + left // 10)
        assert bonus[seat]["earned_cents"] == str(left)
    assert [bonus[seat]["bonus_cents"] for seat in ("p003", "p004")] == ["0", "0"]
    for row in (people["p001"], people["p002"]):
        for number in range(1, PLAYED + 1):
            assert int(row[f"c{number}.spent_cents"]) == spent[row[f"c{number}.market"]]
    assert stat.S_IMODE(out.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in out.iterdir()} == {0o600}


def _spent(run: Path) -> dict[str, int]:
    found: dict[str, int] = {}
    for event in map(json.loads, event_lines(run)):
        cents = 0
        match event["type"]:
            case "EpisodeOpened":
                pass
            case "OrderPlaced":
                cents = event["quantity"] * event["unit_price_cents"] + event["shipping_cents"]
            case "RefundIssued":
                cents = -event["amount_cents"] - event.get("shipping_refund_cents", 0)
                if event.get("return_shipping_payer") == "buyer":
                    cents += event["return_shipping_cents"]
            case _:
                continue
        found[event["market"]] = found.get(event["market"], 0) + cents
    return found


def test_links_are_printed_or_written_for_their_owner(played: Path, tmp_path: Path) -> None:
    shown = sim("study", played, "--links", "--address", "https://lab.example/s/")
    printed = shown.stdout.splitlines()
    assert len(printed) == 7
    assert printed[0].startswith("https://lab.example/s/p/room.")
    file = tmp_path / "links.csv"
    assert sim("study", played, "--links", file, "--port", "9000").exit_code == 0
    written = table(file)
    assert written["p004"]["link"].startswith("http://127.0.0.1:9000/p/p004.")
    assert written["p004"]["link"].rpartition("/")[2] == printed[4].rpartition("/")[2]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    again = sim("study", played, "--links", file)
    assert again.exit_code == 2
    assert "it exists" in again.stderr


def test_links_lead_where_the_study_was_served_last(played: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(played, run)

    def room(*flags: str) -> str:
        return sim("study", run, "--links", *flags).stdout.partition("/p/")[0]

    assert room() == "http://127.0.0.1:8785"
    Register(run).keep_places(Places(host="::1", port=9001))
    assert room() == "http://[::1]:9001"
    assert room("--port", "9002") == "http://[::1]:9002"
    assert room("--host", "0.0.0.0") == f"http://{socket.gethostname()}:9001"
    Register(run).keep_places(Places(port=9001, address="https://lab.example/s"))
    assert room("--port", "9002") == "https://lab.example/s"
    assert room("--address", "") == "http://127.0.0.1:9001"
    (run / "people" / "places").write_text("{")
    assert "people/places" in sim("study", run, "--links").stderr


def test_who_withdraws_is_found_by_seat_or_panel_id(played: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(played, run)
    refused = sim("study", run, "--withdraw", "p001", "--withdraw", "nobody")
    assert refused.exit_code == 2
    assert "is called 'nobody'" in refused.stderr
    assert "nobody came to seat p006" in sim("study", run, "--withdraw", "p006").stderr
    session = study_again(run, Desk(gated=True)).session
    assert not any(row.withdrew for row in rows(session, _now()) if row.seat == "p001")
    assert sim("study", run, "--withdraw", "id-p001", "--withdraw", "p003").exit_code == 0
    assert sim("study", run, "--export", tmp_path / "out").exit_code == 0
    assert table(tmp_path / "out" / "people.csv").keys() == {"p002", "p004", "p006"}
    # Pay is owed for what was done.
    bonus = table(tmp_path / "out" / "bonus.csv")
    assert int(bonus["p001"]["bonus_cents"]) > 0


def _now() -> Any:
    from retailsim.sim.study.organiser.monitor import now

    return now()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("pairwise", "--links"), "is no run of a study"),
        (("RUN", "--links", "--withdraw", "p001"), "one thing at a time"),
        (("RUN", "--seed", "3", "--export", "x"), "leave out --seed"),
        (("RUN", "--export", "RUN/derived/x"), "inside the run"),
        (("RUN", "--rewrite", "RUN/new"), "inside the run"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(
    played: Path, words: tuple[str, ...], said: str
) -> None:
    found = sim("study", *(word.replace("RUN", str(played)) for word in words))
    assert found.exit_code == 2
    assert said in found.stderr
    assert len(found.stderr.splitlines()) == 1


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=20))
def test_no_cell_acts_as_a_formula_and_every_text_comes_back(text: str) -> None:
    written = io.StringIO(csv_text(("a", "b"), [(text, -3)]), newline="")
    _, read = csv.reader(written)
    assert read[0][:1] not in ("=", "+", "-", "@", "\t", "\r", "\n")
    assert read[0].removeprefix("'") == text.removeprefix("'")
    assert read[1] == "-3", "a number is no formula"


def test_a_run_written_anew_is_the_same_without_who_withdrew(played: Path, tmp_path: Path) -> None:
    new = tmp_path / "new"
    assert sim("study", played, "--rewrite", new).exit_code == 0
    gone = ("p005", "p006")  # one withdrew, and nobody came to the other
    kept = [line for line in event_lines(played) if not any(_is_of(line, one) for one in gone)]
    assert kept == event_lines(new) != event_lines(played)
    verified = sim("verify", new)
    assert verified.exit_code == 0, verified.stderr
    assert "every event is the same" in verified.stdout
    old, made = (
        tomllib.loads((played / "run.toml").read_text()),
        tomllib.loads((new / "run.toml").read_text()),
    )
    assert made["rewritten"] == old["run"]["id"] != made["run"]["id"]
    assert not (new / "people" / "p005.json").exists()
    known, before = (study_again(run, Desk(gated=True)).session for run in (new, played))
    # What the others play does not hang on who is left out; what nobody came to is gone, too.
    assert known.plan == {
        "p001": before.plan["p001"],
        "p002": before.plan["p002"],
        "p003": before.plan["p003"][:1],
        "p004": (),
    }
    never = (*before.markets["p003"][1:], *before.markets["p004"])
    assert made["scenario"]["study"]["without"] == sorted(("p005", "p006", *never))
    assert (new / "events" / "SEAL").is_file()
    assert "p005" not in sim("replay", new, "--json").stdout
    assert sim("study", played, "--rewrite", new).exit_code == 2


def _is_of(line: bytes, seat: str) -> bool:
    return str(json.loads(line)["market"]).endswith(f"/{seat}")


def test_a_run_written_anew_is_not_sealed_while_somebody_is_on_the_way(tmp_path: Path) -> None:
    study = small(tmp_path, 2)
    session = study.session

    def take_part() -> None:
        one = session.opened(session.link("p001"), {})
        session.keep(msgspec.structs.replace(one, stage="play"))
        until(lambda: session.question("p001") is not None)

    beside(study, take_part)
    new = tmp_path / "new"
    assert sim("study", tmp_path / "run", "--rewrite", new).exit_code == 0
    assert not (new / "events" / "SEAL").exists()
    verified = sim("verify", new)
    assert "2 of its 2 markets are missing" in verified.stdout


def test_who_measures_the_old_run_is_told_who_is_still_counted(played: Path) -> None:
    said = sim("replay", played).stderr
    assert "1 participant withdrew and is still counted here; a run without: " in said
    assert "--rewrite NEWRUN" in said
    found = json.loads(sim("compare", played, "--json").stdout)
    assert found["left_out"]["withdrawn"] == PLAYED


def test_no_rater_reads_who_withdrew_and_exports_say_who_is_in_them(
    played: Path, tmp_path: Path
) -> None:
    before = tmp_path / "before"  # the same run, of which nobody withdrew
    shutil.copytree(played, before)
    file = before / "people" / "p005.json"
    one = json.loads(file.read_text())
    file.write_text(json.dumps({**one, "withdrawn_at": ""}))
    seats = {}
    for run, said in ((before, ""), (played, "1 who withdrew is left out\n")):
        out = tmp_path / f"rated-{run.name}"
        assert said in sim("annotate", "export", run, "--out", out, "--each", 50).stderr
        key = json.loads((out / "key.json").read_text())
        seats[run] = {name.rpartition("/")[2] for item in key["items"] for name in item["episodes"]}
    assert seats[before] - seats[played] == {"p005"}
    for what in ("transcripts", "episodes"):
        said = sim("export", played, what, "--out", tmp_path / f"{what}.jsonl").stderr
        assert "1 participant withdrew and is still counted here" in said


def test_who_withdraws_while_a_study_goes_on_does_so_on_its_page(
    played: Path, tmp_path: Path
) -> None:
    """The server has the participants in memory, and would write over what is noted beside it."""
    run = tmp_path / "run"
    shutil.copytree(played, run)
    before = (run / "people" / "p001.json").read_bytes()
    # The second is all that is held once all has been played and questions are still answered.
    for lock in ("lock", "people/lock"):
        with RunLock(run / lock, 0):
            found = sim("study", run, "--withdraw", "p001")
            assert sim("study", run, "--rewrite", tmp_path / "new").exit_code == 2
        assert found.exit_code == 2
        said = "the study is going on; withdraw participants on the organiser's page"
        assert said in found.stderr
        assert (run / "people" / "p001.json").read_bytes() == before
        assert not (tmp_path / "new").exists()


def test_a_study_has_one_server(
    played: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where all was played, so that nobody holds the run: people answer questions yet."""
    run, held = tmp_path / "run", list[bool]()
    shutil.copytree(played, run)
    assert not is_held(run / "people" / "lock")

    def served(*how: object) -> int:
        held.append(is_held(run / "people" / "lock"))
        found = sim("study", run)
        assert found.exit_code == 2 and not found.stdout
        assert "the study is going on; stop the other program first" in found.stderr
        return 0

    monkeypatch.setattr(serve, "serve", served)
    assert sim("study", run).exit_code == 0
    assert held == [True] and not is_held(run / "people" / "lock")


@pytest.mark.parametrize(
    ("was", "becomes"), [("p001", "p999"), ('"conversation":2', '"conversation":99')]
)
def test_a_file_of_somebody_who_cannot_be_is_refused(
    played: Path, tmp_path: Path, was: str, becomes: str
) -> None:
    run = tmp_path / "run"
    shutil.copytree(played, run)
    file = run / "people" / "p001.json"
    text = file.read_text().replace(was, becomes)
    assert text != file.read_text()
    file.unlink()
    seat = json.loads(text)["seat"]
    (run / "people" / f"{seat}.json").write_text(text)
    found = sim("study", run, "--export", tmp_path / "out")
    assert found.exit_code == 2
    assert f"people/{seat}.json: this study has no such seat or conversation" in found.stderr


@pytest.mark.parametrize("data", [b"", b'{"seat":"p001","answers":' + b"[" * 100_000])
def test_who_may_have_withdrawn_is_not_compared(played: Path, tmp_path: Path, data: bytes) -> None:
    """A file that is damaged says nothing; who withdrew would be taken for who did not."""
    run = tmp_path / "run"
    shutil.copytree(played, run)
    assert sim("study", run, "--withdraw", "p001").exit_code == 0
    assert "p001.json" not in sim("replay", run).stderr
    (run / "people" / "p001.json").write_bytes(data)
    said = "p001.json: cannot be read, so it is not known whether this participant withdrew"
    for command in ("compare", "calibrate"):
        found = sim(command, run)
        assert found.exit_code == 2 and said in found.stderr
        assert "Traceback" not in found.stderr
    assert "cannot be read" not in sim("compare", run, "--without", "p001").stderr
    assert said in sim("replay", run).stderr.replace("\n", " ")
