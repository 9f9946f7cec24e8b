"""`new`: a scenario that loads, the next command that runs, and nothing overwritten or left."""

from __future__ import annotations

import shlex
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from retailsim.sim.cli import main
from retailsim.sim.new import answers
from retailsim.sim.new.questions import QUESTIONS
from retailsim.sim.terminal.program_name import VARIABLE
from tests.sim.runs import sim

SHOP = "id,title,category,price,unit_cost\n" + "".join(
    f"s{number},Stool {number},{'Home' if number % 3 else 'Fashion'},{20 + number},{9 + number}\n"
    for number in range(12)
)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(VARIABLE, raising=False)
    path = tmp_path / "shop.csv"
    path.write_text(SHOP)
    return path


def next_commands(result: Result) -> list[list[str]]:
    """The words behind the program's name of what is to be typed next."""
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.split("next:\n")[1].splitlines()
    return [shlex.split(line)[3:] for line in lines]  # behind python -m sim


def asked(monkeypatch: pytest.MonkeyPatch, text: str, *words: object) -> Result:
    """What comes of `new` on a terminal where somebody types this."""
    monkeypatch.setattr(answers, "on_a_terminal", lambda: True)
    arguments = ["new", *map(str, words)]
    return CliRunner().invoke(main, arguments, input=text, prog_name="python -m sim")


@pytest.mark.slow
@pytest.mark.parametrize("question", QUESTIONS)
def test_what_it_says_to_type_next_is_typed(question: str, shop: Path) -> None:
    """Each sweep that it names is checked as a whole: every value of it."""
    result = sim("new", shop.name, "--question", question, "--yes")
    written = Path(f"shop-{question}.toml")
    scenario = tomllib.loads(written.read_text())
    assert scenario["products"]["catalog"] == "shop.csv"
    for words in next_commands(result):
        assert words[:2] == ["sweep", written.name]
        tried = sim(*words, "--dry-run")
        assert tried.exit_code == 0, tried.stderr
        assert f"{len(words[2].split(','))} runs" in tried.stdout
        assert f"sweep {shlex.join(words[1:])}" in written.read_text()
    made = {"pitch_a.txt", "pitch_b.txt"} if question == "pitch" else set()
    assert {path.name for path in shop.parent.iterdir()} == {"shop.csv", written.name} | made


def test_a_policy_is_asked_of_the_largest_category(shop: Path) -> None:
    result = sim("new", shop.name, "--question", "policy", "--yes")
    assert next_commands(result)[1][2] == "policy.Home.window_days=3,14,30"


def test_it_asks_four_questions_and_takes_what_is_usual(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = asked(monkeypatch, "shop.csv\nprice\n\neasy-shopper\n")
    assert result.exit_code == 0, result.stderr
    assert result.stderr.count("?") == 4 + len(QUESTIONS)
    scenario = tomllib.loads(Path("shop-price.toml").read_text())
    assert [seat["id"] for seat in scenario["sellers"]] == ["plain-dealer"]
    assert [seat["id"] for seat in scenario["buyers"]] == ["easy-shopper"]


def test_what_is_told_is_not_asked(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ("shop.csv", "--question", "discount", "--sellers", "quiet-clerk")
    result = asked(monkeypatch, "\n", *words)
    assert result.exit_code == 0, result.stderr
    assert result.stderr.count("?") == 1
    assert "Who buys?" in result.stderr


@pytest.mark.parametrize("typed", ["", "builtin\n", "builtin\npitch\n", "builtin\npitch\n\n"])
def test_who_ends_it_leaves_nothing(
    typed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the end of the input as by Ctrl-C, which Click tells in the same way."""
    monkeypatch.chdir(tmp_path)
    result = asked(monkeypatch, typed)
    assert result.exit_code == 3
    assert "interrupted" in result.stderr
    assert not list(tmp_path.iterdir())


def test_a_scenario_that_does_not_load_leaves_nothing(shop: Path) -> None:
    words = ("--question", "pitch", "--yes", "--buyers", "nobody-of-this-name")
    result = sim("new", shop.name, *words)
    assert result.exit_code == 2
    assert "nobody-of-this-name" in result.stderr
    assert [path.name for path in shop.parent.iterdir()] == ["shop.csv"]


def test_nothing_is_overwritten(shop: Path) -> None:
    Path("mine.toml").write_text("mine")
    Path("pitch_b.txt").write_text("My own text. {title}.")
    result = sim("new", shop.name, "--question", "pitch", "--yes", "--out", "mine.toml")
    assert result.exit_code == 2
    assert "mine.toml exists and is not overwritten; name another file with --out" in (
        result.stderr
    )
    assert Path("mine.toml").read_text() == "mine"
    assert not Path("pitch_a.txt").exists()
    assert sim("new", shop.name, "--question", "pitch", "--yes").exit_code == 0
    assert Path("pitch_b.txt").read_text() == "My own text. {title}."


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ((), "give --question, --sellers, --buyers, or --yes for what is usual"),
        (("--question", "price", "--buyers", "x"), "give --sellers, or --yes"),
        (("none.csv", "--yes"), "none.csv: there is no such file"),
        (("--question", "persona", "--sellers", "quiet-clerk", "--yes"), "It takes two or more"),
        (("--question", "models", "--sellers", "a,b", "--yes"), "a is no PROVIDER/MODEL"),
        (("--question", "price", "--sellers", ",", "--yes"), "sellers: name at least one"),
        (("--sellers", "quiet-clerk,quiet-clerk", "--yes"), "name each only once"),
        (("--column", "Handle", "--yes"), "write it as id=Handle"),
        (("--yes", "--out", "no/folder.toml"), "name another file with --out"),
    ],
)
def test_what_makes_no_scenario_is_refused_in_a_line(
    words: tuple[str, ...], problem: str, shop: Path
) -> None:
    result = sim("new", *words)
    assert result.exit_code == 2
    assert problem in result.stderr
    assert result.stderr.count("\n") == 1
    assert [path.name for path in shop.parent.iterdir()] == ["shop.csv"]


def test_columns_that_nobody_recognises_are_asked_for_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("odd.csv").write_text(SHOP.replace("id,title,category", "qqid,zztitle,category"))
    words = ("odd.csv", "--question", "discount", "--sellers", "quiet-clerk", "--buyers")
    result = asked(monkeypatch, "qqid\nzztitle\n", *words, "easy-shopper")
    assert result.exit_code == 0, result.stderr
    scenario = tomllib.loads(Path("odd-discount.toml").read_text())
    assert scenario["products"]["columns"] == {"id": "qqid", "title": "zztitle"}
    assert "its columns, and the first row" in result.stderr
    again = sim("new", "odd.csv", "--out", "again.toml", "--yes", "--column", "id=qqid")
    assert again.exit_code == 2
    assert "title" in again.stderr


def made(*words: object) -> tuple[Result, dict[str, object]]:
    """What comes of `new` without questions, and the products of the scenario it writes."""
    result = sim("new", *words, "--question", "discount", "--yes")
    assert result.exit_code == 0, result.stderr
    [written] = Path().glob("*.toml")
    products = tomllib.loads(written.read_text())["products"]
    assert isinstance(products, dict)
    return result, products


def stopped(*words: object) -> str:
    """The line with which `new` refuses a catalogue, as it was before it was folded."""
    result = sim("new", *words, "--question", "discount", "--yes")
    assert result.exit_code == 2
    assert not list(Path().glob("*.toml"))
    return " ".join(result.stderr.split())


def test_of_several_currencies_it_takes_the_one_that_its_line_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    priced = (
        SHOP.replace(",20,9", ",20 CHF,9").replace(",21,", ",21 EUR,").replace(",22,", ",22 €,")
    )
    Path("odd.csv").write_text(priced)
    assert "take one with --currency EUR; products in others" in stopped("odd.csv")
    result, products = made("odd.csv", "--currency", "eur")
    assert products["currency"] == "EUR"
    assert "skipped 1 of 12: 1 with a price in another currency" in result.stderr


def test_columns_that_are_not_recognised_are_told_as_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("odd.csv").write_text(SHOP.replace("id,title,category", "qqid,title,zzcat"))
    assert stopped("odd.csv").endswith("Say which with --column id=NAME")
    told = ("odd.csv", "--column", "id=qqid")
    assert stopped(*told).endswith("Say which with --column category=NAME or --other Home")
    assert "odd.csv: --column id=qid: no such column; there are" in stopped(
        "odd.csv", "--column", "id=qid"
    )
    products = made(*told, "--other", "Home")[1]
    assert (products["columns"], products["other"]) == ({"id": "qqid"}, "Home")


def test_amounts_written_in_both_ways_are_told_as_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("odd.csv").write_text("id;title;category;price\na;A;Home;3,50\nb;B;Home;4.50\n")
    assert stopped("odd.csv").endswith("say which with --decimal . or --decimal ,")
    assert made("odd.csv", "--decimal", ",")[1]["decimal"] == ","


def test_the_currency_that_nothing_named_is_said(shop: Path) -> None:
    result, products = made("shop.csv")
    assert "currency" not in products
    assert (
        "shop.csv names no currency: its amounts are taken for USD; --currency EUR takes them for "
        'others, or currency = "EUR" below [products] in shop-discount.toml\n'
    ) in result.stderr


@pytest.mark.parametrize("words", [("--currency", "CHF"), ("builtin",)])
def test_a_currency_that_is_named_needs_no_word(words: tuple[str, ...], shop: Path) -> None:
    assert (
        "names no currency" not in made(*(("shop.csv", *words) if words[1:] else words))[0].stderr
    )


def test_a_currency_is_three_letters_and_of_a_file(shop: Path) -> None:
    assert "--currency: EURO: write its three letters" in stopped("shop.csv", "--currency", "EURO")
    assert "--currency: it is for a FILE of yours" in stopped("builtin", "--currency", "EUR")
