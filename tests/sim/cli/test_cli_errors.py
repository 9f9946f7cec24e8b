"""What a person can do wrong is one line that says where, what, and what to do; status 2."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import click
import pytest

from retailsim.events.errors import RetailSimWarning
from retailsim.sim.cli.program import _warned
from tests.sim.runs import ROOT, scenario, sim

SEATS = '[[sellers]]\nid = "s"\n[[buyers]]\nid = "b"\n'


def refused(*arguments: object) -> str:
    """Run a command that must fail; returns its one line."""
    result = sim(*arguments)
    assert result.exit_code == 2, result.stderr
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    return result.stderr


def refused_catalogue(path: Path) -> str:
    """Launch with a catalogue that must be refused; returns the line that it was before folding."""
    result = sim("launch", "--catalog", path)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.count("\n") <= 3
    return " ".join(result.stderr.split())


SETTINGS = {
    "desing.pairing=self": "pairwise: desing: unknown key; did you mean design?",
    "design.pairng=self": "design.pairng: unknown key; did you mean pairing?",
    "sellers.0.optoins=1": "sellers[0].optoins: unknown key; did you mean options?",
    "policy.Food.windowdays=3": "policy.Food.windowdays: unknown key; did you mean window_days?",
    "nonsense=1": "nonsense: unknown key\n",
    "discount=0.1": "pairwise: discount: unknown key; did you mean design.discount?\n",
    "temperature=1": "temperature: unknown key; did you mean models.NAME.temperature?\n",
    "window_days=1": "window_days: unknown key; did you mean policy.Food.window_days?\n",
    "persona=1": "persona: unknown key; did you mean sellers.ID.persona?\n",
    "design.pairing=sellf": "pairing: 'sellf' is not one of all, self, random; did you mean self?",
    "sellers.0.gender=x": "sellers[0].gender: 'x' is not one of male, female",
    "policy.food.window_days=3": "policy.food: unknown key; did you mean Food?",
    "policy.Toys.window_days=1": "policy.Toys: unknown key; there are Food, Fashion, Home,",
    'policy.Home.buyer_pays=["delay"]': "policy.Home.buyer_pays[0]: 'delay' is not one of",
    "issues.weights.late=1": "issues.weights.late: 'late' is not one of shipping delay, wrong item",
    'issues.weights={"change of mind" = -1}': "issues.weights.change of mind: must be a number >=",
    'issues.weights={"change of mind" = inf}': "issues.weights.change of mind: must be a number <=",
    "products.per_category=0": "products.per_category: must be a whole number >= 1",
    "products.per_category=2.5": "products.per_category: must be a whole number, not a number",
    "products.ids=7": "products.ids: must be a list, not a whole number",
    'run.seed="x"': "run.seed: must be a whole number, not text",
    "run.seed=true": "run.seed: must be a whole number, not true or false",
    "run=3": "run: must be a table, not a whole number",
    'run.name=""': "run.name: must be text of length >= 1",
    'run.name="a\\nb"': "run.name: must be one line of text without control characters",
    "run.reply_timeout_s=inf": "run.reply_timeout_s: must be a number <= ",
    "design.discount=2": "design.discount: must be a number < 1.0",
    "design.discount=nan": "design.discount: must be a number >= 0.0",
    "design.start=2026-13-01": "design.start: must be a date such as 2026-03-02",
    "design.start=3": "design.start: must be a date, not a whole number",
    "design.nonbuyer_reviews=1": "nonbuyer_reviews: must be true or false, not a whole number",
    "design.price_multipliers=[]": "design.price_multipliers: give at least one",
    "design.price_multipliers=[1.0, 1.0]": "design.price_multipliers: give at least one",
    "design.price_multipliers=[1.0, 0.0]": "design.price_multipliers[1]: must be a number > 0.0",
    "design.pairing=self": "'self' pairs a seller and a buyer of the same id, but no two match",
    'design.pairing=[["bold-showman", "bob"]]': "design.pairing: there is no buyer 'bob'",
    'design.pairing=[["bob", "easy-shopper"]]': "design.pairing: there is no seller 'bob'",
    'design.pairing=[["bob"]]': "design.pairing[0]: must be a list of length 2, not 1",
    "products.ids=[]": "products.ids: is empty",
    'products.ids=["nope"]': "nope",
    "shipping.rate=3": "shipping: rate = 3.0: must be a share from 0 to 1",
    "shipping.order_days=[7, 0]": "shipping: order_days = [7, 0]: must be two days in rising order",
    "shipping.delay_days=[0, 99999999]": "shipping.delay_days: must not exceed 3650 days",
    "issues.weights={}": "issues.weights: at least one must be above 0",
    "policy.Food.window_days=-1": "policy.Food.window_days: must be a whole number >= 0",
    "sellers.0.persona.rationality=x": "rationality = 'x'; allowed: rational or emotional",
    "sellers.0.persona.pickiness=picky": "unknown trait 'pickiness'",
    "sellers.0.persona.pickiness=3": "sellers[0].persona.pickiness: must be text",
    "sellers.1.id=bold-showman": "sellers: 'bold-showman' appears more than once",
    "sellers.1.id=a/b": "sellers[1].id: must be one line of text without a slash",
    'sellers.1.id="a\\n"': "sellers: 'a\\n': an id must not contain control characters",
    "buyers.1.id=b~2": "buyers: 'b~2': an id must not contain control characters or end in ~",
    "sellers.1={}": "sellers[1]: the key 'id' is missing",
    "sellers=[]": "sellers: there must be at least one [[sellers]] table",
    "sellers.9.agent=x": "--set sellers.9.agent=x: '9' is not one of 0 to 4, bold-showman, sharp",
    "run.seed": "write it as KEY=VALUE",
    "run.seed.deep=1": "--set run.seed.deep=1: 'deep' can only be set inside a table",
    "sellers.0.agent=bold-showmann": "pairwise: sellers.bold-showman: no seller agent is called",
    "sellers.0.agent=behaviorl": "did you mean behavioral?",
    "sellers.0.agent=easy-shopper": "it is the profile of a buyer",
    "sellers.0.agent=opena/gpt": "PROVIDER/MODEL begins with one of openai, openai-responses",
    "sellers.0.agent=nope:Nope": "there is no module nope",
    "sellers.0.agent=script": "sellers.bold-showman.pitch_file: give a file with the text to speak",
    "sellers.0.agent=model": "sellers.bold-showman.model: give the NAME of the [models.NAME] table",
    "sellers.0.model=x": 'sellers.bold-showman.model: is only for agent = "model"',
    "sellers.0.pitch_file=x.txt": 'pitch_file: is only for agent = "script"',
    "sellers.0.options.overclaim=7": "sellers.bold-showman",
    "sellers.0.options.nonsense=7": "nonsense",
    "models.mine.provider=opnai": "models.mine.provider: 'opnai' is not one of openai, openai-resp",
    "models.mine={}": "models.mine: the key 'provider' is missing",
    "behavioral.parameters=nope.toml": "pairwise: behavioral.parameters: there is no file",
}


@pytest.mark.parametrize("setting", SETTINGS)
def test_a_setting_that_makes_no_sense_names_its_place(tmp_path: Path, setting: str) -> None:
    said = refused("launch", "--set", setting, "--out", tmp_path / "run")
    assert SETTINGS[setting] in said
    assert not (tmp_path / "run").exists()


def test_a_scenario_file_is_named_in_its_errors(tmp_path: Path) -> None:
    path = scenario(tmp_path, SEATS + "[run]\nsede = 1\n")
    assert f"{path}: run.sede: unknown key; did you mean seed?" in refused("launch", path)


def test_broken_toml_names_the_line(tmp_path: Path) -> None:
    path = scenario(tmp_path, "[run]\nseed = = 1\n")
    said = refused("launch", path)
    assert "is not TOML" in said
    assert "line 2" in said


@pytest.mark.parametrize("written", ["C:\\Umsatz\\shop.csv", "C:\\data\\shop.csv"])
def test_a_path_of_windows_that_is_no_toml_gets_the_two_ways_to_write_it(
    tmp_path: Path, written: str
) -> None:
    said = refused("launch", scenario(tmp_path, f'[products]\ncatalog = "{written}"\n'))
    assert "(at line 2, column 16)" in said
    assert f'a backslash in "{written}" is taken for an escape: write the path with /' in said
    assert "in single quotes: 'C:\\shop.csv'" in said


def test_a_path_of_windows_whose_backslashes_are_escapes_is_refused(tmp_path: Path) -> None:
    path = scenario(tmp_path, SEATS + '[products]\ncatalog = "D:\\new\\table.csv"\n')
    said = refused("launch", path)
    assert "products.catalog: 'D:\\new\\table.csv' holds a line break, a tab or the like" in said


@pytest.mark.parametrize(
    "arguments",
    [
        ("--catalog", "C:\\new\\shop.csv"),
        ("--set", "products.catalog=C:\\new\\shop.csv"),
        ("--set", 'products.catalog="C:\\new\\shop.csv"'),
        ("--set", "products.catalog='C:\\new\\shop.csv'"),
    ],
)
def test_a_path_of_windows_is_told_as_it_is_below_wsl(arguments: tuple[str, str]) -> None:
    said = refused("launch", "--dry-run", *arguments)
    assert said == (
        "error: pairwise: products.catalog: C:\\new\\shop.csv is a path of Windows; "
        f"in WSL write {Path('/mnt') / 'c/new/shop.csv'}\n"
    )


def test_a_scenario_that_is_not_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "scenario.toml"
    path.write_bytes(b"\xff\xfe")
    assert f"{path}: is not UTF-8 at byte 1" in refused("launch", path)


def test_a_scenario_may_begin_with_a_byte_order_mark_and_end_lines_as_on_windows(
    tmp_path: Path,
) -> None:
    path = tmp_path / "scenario.toml"
    path.write_bytes(b"\xef\xbb\xbf" + SEATS.replace("\n", "\r\n").encode())
    assert sim("launch", path, "--dry-run").exit_code == 0


def test_a_scenario_may_come_through_a_pipe() -> None:
    reader, writer = os.pipe()
    os.write(writer, SEATS.encode())
    os.close(writer)
    try:
        assert sim("launch", f"/dev/fd/{reader}", "--dry-run").exit_code == 0
    finally:
        os.close(reader)


@pytest.mark.parametrize("name", ["nope", "nope.toml", "/"])
def test_what_is_no_scenario_says_which_there_are(name: str) -> None:
    assert "the built-in ones are " in refused("launch", name)


def test_catalogues_that_cannot_be_used_are_refused(tmp_path: Path) -> None:
    empty = tmp_path / "empty.jsonl"
    empty.write_text("")
    useless = tmp_path / "useless.jsonl"
    useless.write_text('{"title": "x", "price": null, "parent_asin": "A"}\nnot json\n')
    assert "there is no such file" in refused_catalogue(tmp_path / "no.jsonl")
    assert "without columns, not a catalogue" in refused_catalogue(ROOT / "README.md")
    assert "empty.jsonl: it is empty" in refused_catalogue(empty)
    said = refused_catalogue(useless)
    assert "without a usable price" in said
    assert "line 2" in said


@pytest.mark.parametrize("command", ["replay", "resume", "verify"])
def test_what_is_no_run_is_refused(tmp_path: Path, command: str) -> None:
    assert str(tmp_path) in refused(command, tmp_path)
    assert str(tmp_path / "no") in refused(command, tmp_path / "no")
    (tmp_path / "file").write_text("")
    assert str(tmp_path / "file") in refused(command, tmp_path / "file")


@pytest.mark.parametrize("command", ["resume", "verify"])
def test_why_it_is_no_run_is_said(tmp_path: Path, command: str) -> None:
    (tmp_path / "file").write_text("")
    assert "is not a run folder: there is no such folder" in refused(command, tmp_path / "no")
    assert "is not a run folder: it is a file" in refused(command, tmp_path / "file")
    assert "is not a run folder: it holds no run.toml" in refused(command, tmp_path)


def test_a_plug_in_that_cannot_be_imported_says_why(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("import a_module_that_is_not_there\n")
    path = scenario(tmp_path, SEATS.replace('id = "b"', 'id = "b"\nagent = "broken:Buyer"'))
    said = refused("launch", path)
    assert "buyers.b" in said
    assert "a_module_that_is_not_there" in said


def test_profiles_belong_to_another_protocol(tmp_path: Path) -> None:
    said = refused("launch", "--profiles", tmp_path / "x.jsonl")
    assert 'profiles: is only for design.protocol = "csales"' in said


def test_words_that_no_command_knows_end_with_status_2() -> None:
    for arguments in (
        ["nonsense"],
        ["launch", "--nonsense"],
        ["launch", "--seed", "x"],
        ["replay"],
    ):
        assert sim(*arguments).exit_code == 2


def test_an_unexpected_error_ends_with_status_1(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("retailsim.sim.run.launch.launch", lambda *_, **__: 1 / 0)
    # Other tests name agents in the package tests, so it would be blamed as a plug-in's.
    monkeypatch.setattr("retailsim.market.core.plugin_code._NAMED", set())
    result = sim("launch")
    assert result.exit_code == 1
    assert "unexpected ZeroDivisionError" in result.stderr


def test_a_warning_that_cannot_be_written_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python goes on there, so a plug-in that warns is imported whoever listens."""

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(click, "echo", full)
    _warned("look out", UserWarning, "my.py", 1)
    _warned(RetailSimWarning("look out"), RetailSimWarning, "my.py", 1)


def test_what_to_say_of_a_catalogue_is_said_as_its_command_takes_it(tmp_path: Path) -> None:
    """With --set where a command has it; a column that somebody wrote stands as in a scenario."""
    mixed, odd = tmp_path / "mixed.csv", tmp_path / "odd.csv"
    mixed.write_text("id,title,category,price\na,A,Home,3 EUR\nb,B,Home,4 CHF\nc,C,Home,5 EUR\n")
    odd.write_text("qq,title,category,price\na,A,Home,3\n")
    assert "take one with --set products.currency=EUR;" in refused_catalogue(mixed)
    assert refused_catalogue(odd).endswith("Say which with --set products.columns.id=NAME")
    result = sim("catalog", odd, "--set", "products.columns.id=q")
    assert '[products.columns] id = "q": no such column' in " ".join(result.stderr.split())
    done = sim("launch", "--catalog", mixed, "--set", "products.currency=EUR", "--dry-run")
    assert done.exit_code == 0, done.stderr
