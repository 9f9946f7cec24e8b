"""Bots: how they read pages, what they fill in, and that a rehearsal is never taken for data."""

from __future__ import annotations

from pathlib import Path

import pytest

from retailsim.agents.person.desk import Desk
from retailsim.events.streams import Seed
from retailsim.sim.run.launch_options import Options
from retailsim.sim.study.bots.bot import wrong_answer
from retailsim.sim.study.bots.filling import filled_by_chance
from retailsim.sim.study.bots.manners import MANNERS, plans
from retailsim.sim.study.bots.page import Control, Page
from retailsim.sim.study.bots.rehearsal import right_answers
from retailsim.sim.study.errors import BadStudy
from retailsim.sim.study.form_file import read_form
from retailsim.sim.study.made import new_study, study_for
from retailsim.sim.terminal.audience import Nobody
from tests.sim.runs import sim
from tests.study.killed_study import FORM
from tests.study.test_session import SMALL

HTML = """
<form action="./answer"><input type="hidden" name="question" value="ab12">
<textarea name="f.text">old</textarea>
<input type="number" name="f.quantity" min="2" max="4">
<input type="radio" name="f.buy" value="yes"><input type="radio" name="f.buy" value="no" checked>
<input type="checkbox" name="f.topics" value="price"><input type="checkbox" name="f.topics"
 value="size"><select name="f.why"><option value="">Choose one</option><option value="a">A</option>
<option value="b">B</option></select>
<button class="main">Send</button><button name="f.end" value="yes">End</button></form>
<form action="./leave"><input type="hidden" name="question" value="ab12"></form>
<p>Your code is <code class="code" id="code">DONE</code></p>
"""


def test_a_page_is_read_as_a_browser_reads_it() -> None:
    page = Page(HTML)
    assert page.code == "DONE"
    assert [form.action for form in page.forms] == ["answer", "leave"]
    controls = page.forms[0].controls
    assert {name: (one.kind, one.options) for name, one in controls.items()} == {
        "question": ("hidden", []),
        "f.text": ("text", []),
        "f.quantity": ("number", []),
        "f.buy": ("one", ["yes", "no"]),
        "f.topics": ("several", ["price", "size"]),
        "f.why": ("one", ["a", "b"]),
    }
    assert [(one.name, one.value) for one in page.forms[0].buttons] == [("f.end", "yes")]


def test_what_is_filled_in_is_legal_drawn_by_the_seed_and_all_of_it_comes() -> None:
    form = Page(HTML).forms[0]
    drawn = [filled_by_chance(form, Seed(seed).stream("bot", "x")) for seed in range(200)]
    assert drawn[7] == filled_by_chance(form, Seed(7).stream("bot", "x"))
    seen: dict[str, set[str]] = {}
    for pairs in drawn:
        for name, value in pairs:
            seen.setdefault(name, set()).add(value)
    assert seen["question"] == {"ab12"}
    assert seen["f.quantity"] == {"2", "3", "4"}
    assert seen["f.buy"] == {"yes", "no"}
    assert seen["f.topics"] == {"price", "size"}
    assert seen["f.why"] == {"a", "b"}
    assert seen["f.end"] == {"yes"}
    assert 10 < sum(dict(pairs).get("f.end") == "yes" for pairs in drawn) < 60
    known = filled_by_chance(form, Seed(1).stream("bot", "x"), {"f.buy": ("no",)})
    assert ("f.buy", "no") in known


def test_the_right_answers_of_a_form_are_as_its_pages_send_them() -> None:
    assert right_answers(read_form(FORM, "form.toml")) == {
        "f.role": ("buyer",),
        "f.attention": ("blue",),
    }


@pytest.mark.parametrize(
    ("control", "right"),
    [
        (Control(name="f", kind="number", least=0, most=9), ("9",)),
        (Control(name="f", kind="number"), ("150",)),
        (Control(name="f", kind="one", options=["a", "b"]), ("b",)),
        (Control(name="f", kind="several", options=["a", "b", "c"]), ("b", "c")),
        (Control(name="f", kind="text"), ("Paris",)),
    ],
)
def test_a_bot_that_fails_checks_does_so_within_their_bounds(
    control: Control, right: tuple[str, ...]
) -> None:
    given = wrong_answer(control, right, Seed(1).stream("bot", "x"))
    assert (given,) != right
    assert not control.options or given in control.options
    if control.kind == "number":
        assert (control.least or 0) <= int(given) <= (control.most or 10**9)


def test_bots_have_every_manner_by_seed_alone() -> None:
    found = plans(300, seed=2)
    assert {one.manner for one in found} == set(MANNERS)
    assert found == plans(300, seed=2) != plans(300, seed=3)
    assert found[:10] == plans(10, seed=2)


def test_a_rehearsal_says_so_and_stays_one(tmp_path: Path) -> None:
    def made(name: str, *, rehearsal: bool) -> Path:
        options = Options(out=tmp_path / name, settings=SMALL)
        new_study(options, 2, Desk(gated=True), Nobody(), rehearsal=rehearsal)
        return tmp_path / name

    bots, people = made("bots", rehearsal=True), made("people", rehearsal=False)
    assert 'name = "pairwise-rehearsal"' in (bots / "run.toml").read_text()
    with pytest.raises(BadStudy, match="rehearsal by bots; go on with --bots"):
        study_for(str(bots), None, {}, Desk(gated=True), Nobody())
    with pytest.raises(BadStudy, match="with people, in which bots have no place"):
        study_for(str(people), None, {}, Desk(gated=True), Nobody(), rehearsal=True)
    study_for(str(bots), None, {}, Desk(gated=True), Nobody(), rehearsal=True)


@pytest.mark.slow
def test_a_rehearsal_is_played_to_its_end_over_http(tmp_path: Path) -> None:
    settings = [word for one in SMALL for word in ("--set", one)]
    found = sim("study", "pairwise", "--seats", 8, "--bots", "--out", tmp_path / "run", *settings)
    assert found.exit_code == 0, found.stderr
    assert "8 bots," in found.stdout
    assert "code DONE" in found.stdout
    assert sim("verify", tmp_path / "run").exit_code == 0
    exported = sim("study", tmp_path / "run", "--export", tmp_path / "tables")
    assert "this is no data" in exported.stderr
    lines = (tmp_path / "tables" / "people.csv").read_text().splitlines()
    assert lines[0].startswith("seat,rehearsal,stage,")
    assert all(line.split(",")[1] == "true" for line in lines[1:])
    assert "this is no data" in sim("replay", tmp_path / "run").stderr
    beside = sim("compare", tmp_path / "run")
    assert beside.stdout.startswith("This is a rehearsal: bots sat in people's seats")


def test_of_a_long_list_a_bot_ticks_few() -> None:
    """Of sixteen items a seller may show three: half of them were never taken."""
    boxes = "".join(f'<input type="checkbox" name="f.items" value="{n}">' for n in range(16))
    form = Page(f'<form action="./answer">{boxes}</form>').forms[0]
    for bot in range(20):
        stream = Seed(bot).stream("bot", "x")
        ticked = [len(filled_by_chance(form, stream)) for _ in range(20)]
        assert any(0 < count <= 3 for count in ticked)
