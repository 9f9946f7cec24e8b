"""The example of a study, as the page about people shows it."""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path

import msgspec

from retailsim.agents.person.desk import Desk
from retailsim.sim.run.launch_options import Options
from retailsim.sim.study.form_file import Item
from retailsim.sim.study.made import new_study
from retailsim.sim.terminal.audience import Nobody
from tests.sim.runs import ROOT

EXAMPLE = ROOT / "examples" / "study"
PAGE = (ROOT / "docs" / "people.md").read_text()
PART = PAGE[PAGE.index("### The form") : PAGE.index("### Who can reach what")]


def test_the_form_on_the_page_is_the_examples() -> None:
    found = re.search(r"```toml\n(.*?)```", PART, re.DOTALL)
    assert found is not None
    assert (EXAMPLE / "form.toml").read_text().endswith("\n\n" + found[1])


def test_the_page_names_every_key_of_an_item() -> None:
    rows = re.findall(r"^\| (`.*?) \|", PART, re.MULTILINE)
    named = {key for row in rows for key in re.findall(r"`(\w+)`", row)}
    assert named == {field.name for field in msgspec.structs.fields(Item)}


def test_the_example_is_a_study_that_stands_alone(tmp_path: Path) -> None:
    options = Options(scenario=str(EXAMPLE / "shop.toml"), out=tmp_path / "run")
    session = new_study(options, 24, Desk(gated=True), Nobody()).session
    assert all(len({one.partner for one in own}) == 2 for own in session.plan.values())
    for name in ("consent.md", "instructions.md", "form.toml", "plan.md"):
        assert (session.run / "inputs/study" / name).read_bytes() == (EXAMPLE / name).read_bytes()
    digest = sha256((EXAMPLE / "consent.md").read_bytes()).hexdigest()
    assert session.materials.consent.digest == digest
    assert (session.table.form, len(session.materials.form.after(2))) == ("study/form.toml", 1)
