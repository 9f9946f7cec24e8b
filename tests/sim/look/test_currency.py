"""A catalogue's currency is shown wherever its money is, and changes only how that is written."""

import json
import re
import shutil
from pathlib import Path

import pytest

from retailsim.market.claims.reader import read
from retailsim.market.claims.sheet import Sheet
from retailsim.market.core.money import dollars, in_currency, nanodollars, us_dollars
from tests.sim.runs import event_lines, launched, sim

ROWS = "id,title,category,price,unit_cost\n" + "".join(
    f"{i},Lamp No {i},{group},{10 + 7 * i}.50 {{code}},{5 + 3 * i}.25\n"
    for i, group in enumerate(("Home", "Fashion", "Food", "Electronics"))
)
SEATS = ("--sellers", "bold-showman,quiet-clerk", "--buyers", "careful-saver,easy-shopper")


def shop(folder: Path, code: str) -> Path:
    path = folder / f"{code}.csv"
    path.write_text(ROWS.format(code=code), encoding="utf-8")
    return path


def test_amounts_are_written_in_the_currency_and_costs_of_models_in_dollars() -> None:
    assert dollars(-123_450) == "-$1,234.50"
    for code, text in (("EUR", "€9.99"), ("CHF", "CHF 9.99"), ("USD", "$9.99")):
        with in_currency(code):
            assert (dollars(999), us_dollars(999), nanodollars(2e9)) == (text, "$9.99", "$2.00")
    assert dollars(999) == "$9.99"


def sheet() -> Sheet:
    return Sheet(
        "lamp",
        money_cents=(2499,),
        return_days=30,
        delivery_days=(2, 5),
        discount=0.0,
        free_shipping=False,
    )


def test_a_claim_about_money_is_read_in_any_currency() -> None:
    said = "It costs {0}24.99. It usually sells for {0}99.00."
    plain = read(said.format("$"), sheet())
    assert len(plain) == 1
    with in_currency("EUR"):
        found = read(said.format("€"), sheet())
    assert [one.sentence for one in found] == [plain[0].sentence.replace("$", "€")]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same goods, prices and seed in dollars, euros and francs, one after the other."""
    folder = tmp_path_factory.mktemp("currencies")
    for code in ("USD", "EUR", "CHF"):
        launched(folder / code, "pairwise", "--catalog", shop(folder, code), *SEATS)
    return {code: folder / code for code in ("USD", "EUR", "CHF")}


def test_only_the_sign_of_amounts_differs_between_currencies(runs: dict[str, Path]) -> None:
    lines = {code: b"\n".join(event_lines(run)).decode() for code, run in runs.items()}
    assert "€" in lines["EUR"] and "$" not in lines["EUR"]
    assert "$" in lines["USD"] and "CHF " in lines["CHF"]
    assert lines["EUR"].replace("€", "$") == lines["USD"]
    # What is written by code is longer, so what is cut to a length may end elsewhere.
    assert "$" not in lines["CHF"] and lines["CHF"].count("\n") == lines["USD"].count("\n")


def test_a_run_in_another_currency_can_be_verified_and_shows_it(runs: dict[str, Path]) -> None:
    assert sim("verify", runs["EUR"]).exit_code == 0
    shown = sim("replay", runs["EUR"]).stdout
    assert "€" in shown and "$" not in shown


@pytest.mark.slow
def test_a_report_is_in_the_currency_of_its_run(runs: dict[str, Path]) -> None:
    out = runs["EUR"].parent / "report.html"
    assert sim("report", runs["EUR"], "-o", out).exit_code == 0
    page = out.read_text(encoding="utf-8")
    text = re.sub(r"<script.*?</script>|<style.*?</style>", "", page, flags=re.DOTALL)
    assert "€" in text and not re.search(r"\$\d", text)


def test_amounts_of_two_currencies_are_not_put_together(runs: dict[str, Path]) -> None:
    result = sim("compare", runs["USD"], runs["EUR"])
    assert result.exit_code == 2
    assert "is in USD" in result.stderr and "amounts of two currencies" in result.stderr


def test_json_says_the_currency(runs: dict[str, Path]) -> None:
    assert json.loads(sim("replay", runs["CHF"], "--json").stdout)["currency"] == "CHF"


def test_raters_and_learners_are_told_amounts_in_the_currency_of_the_run(
    runs: dict[str, Path],
) -> None:
    forms = runs["EUR"].parent / "forms"
    assert sim("annotate", "export", runs["EUR"], "--out", forms).exit_code == 0
    form = (forms / "form.html").read_text(encoding="utf-8")
    assert "€" in form and not re.search(r"\$\d", form)
    words = ("--out", runs["EUR"].parent / "p.json", "--conversations", 20)
    told = sim("policy", "learn", "pairwise", "--set", "products.currency=EUR", *words)
    assert told.exit_code == 0, told.stderr
    assert "€" in told.stdout and "$" not in told.stdout


def test_logs_of_two_currencies_teach_nothing_together(runs: dict[str, Path]) -> None:
    two = (runs["USD"], runs["EUR"])
    for words in (("mine",), ("learn", "--out", runs["EUR"].parent / "q.json")):
        result = sim("policy", *words, *two)
        assert result.exit_code == 2
        assert "amounts of two currencies" in result.stderr


@pytest.mark.parametrize("words", [("compare",), ("policy", "mine")])
def test_a_folder_that_is_no_run_has_no_currency(
    runs: dict[str, Path], tmp_path: Path, words: tuple[str, ...]
) -> None:
    for order in ((runs["EUR"], tmp_path), (tmp_path, runs["EUR"])):
        result = sim(*words, *order)
        assert result.exit_code == 2
        assert f"{tmp_path}: no events/ folder here; give the folder of a run" in result.stderr
    result = sim(*words, runs["EUR"], tmp_path / "gone")
    assert result.exit_code == 2
    assert "currencies" not in result.stderr and "no such folder" in result.stderr


def test_a_folder_of_runs_names_one_of_them(runs: dict[str, Path], tmp_path: Path) -> None:
    shutil.copytree(runs["USD"], tmp_path / "arm")
    result = sim("compare", runs["EUR"], tmp_path)
    assert result.exit_code == 2
    assert f"give the folder of a run, as {tmp_path / 'arm'}" in result.stderr
