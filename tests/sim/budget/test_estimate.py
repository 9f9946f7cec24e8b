"""What a run is expected to take, before anything is sent; and what it then took."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

from retailsim.agents.llm.provider.price import how_to_price
from retailsim.agents.llm.types import ModelConfig
from retailsim.sim.budget.market_workload import HUGE_EPISODES
from tests.sim.modelserver import serving
from tests.sim.runs import outside_lines, replayed, scenario, sim

MODELS = """
[products]
per_category = {products}
[[sellers]]
id = "one"
agent = "model"
model = "local"
[[buyers]]
id = "two"
agent = "model"
model = "local"
[[buyers]]
id = "easy-shopper"
agent = "easy-shopper"
[models.local]
provider = "openai-compatible"
model = "my-llama"
base_url = "{url}"
requests_per_minute = 120
[models.local.price]
input = 1.0
output = 2.0
"""


def estimated(path: Path, *arguments: object) -> dict[str, Any]:
    result = sim("launch", path, "--dry-run", "--json", *arguments)
    assert result.exit_code == 0, result.stderr
    said: dict[str, Any] = json.loads(result.stdout)["estimate"]
    return said


def test_an_offline_run_has_no_estimate() -> None:
    result = sim("launch", "--dry-run", "--json")
    assert json.loads(result.stdout)["estimate"] is None


@pytest.mark.slow
def test_what_is_expected_is_near_what_it_takes_and_the_worst_is_above(tmp_path: Path) -> None:
    with serving() as server:
        path = scenario(tmp_path, MODELS.format(url=server.url, products=2))
        path.write_text(path.read_text().replace("requests_per_minute = 120", ""))
        before = estimated(path)
        result = sim("launch", path, "--out", tmp_path / "run")
        assert result.exit_code == 0, result.stderr
    [model] = before["models"]
    cost = replayed(tmp_path / "run")["cost"]
    assert 0.5 < model["calls"] / cost["calls"] < 2.0
    assert 0.4 < model["input_tokens"] / cost["input_tokens"] < 2.5
    assert model["most_dollars"] * 1e9 > cost["cost_nanousd"]


@pytest.mark.slow
def test_no_market_costs_more_than_its_worst_case(tmp_path: Path) -> None:
    with serving() as server:
        path = scenario(tmp_path, MODELS.format(url=server.url, products=1))
        largest = estimated(path)["largest_market_dollars"]
        path.write_text(path.read_text().replace("requests_per_minute = 120", ""))
        sim("launch", path, "--out", tmp_path / "run")
    markets: dict[str, int] = {}
    for line in outside_lines(tmp_path / "run"):
        record = json.loads(line)
        markets[record["market"]] = markets.get(record["market"], 0) + record["cost_nanousd"]
    assert markets
    assert max(markets.values()) <= largest * 1e9


@pytest.mark.parametrize("paid", ["input", "output"])
def test_what_is_asked_and_what_is_answered_cost_what_each_is_priced_at(
    paid: str, tmp_path: Path
) -> None:
    """Expected, at worst, and as a market reserves it: none leaves out a side of the bill."""
    free = "output" if paid == "input" else "input"
    text = MODELS.format(url="http://localhost/v1", products=1).partition("[models.local.price]")[0]
    path = scenario(tmp_path, f"{text}[models.local.price]\n{paid} = 3.0\n{free} = 0.0\n")
    found = estimated(path)
    [model] = found["models"]
    assert model["dollars"] == pytest.approx(3.0 * model[f"{paid}_tokens"] / 1e6)
    assert model["most_dollars"] > model["dollars"] > 0.0
    # The largest of four markets has at least a quarter, and holds more of the input than is paid.
    assert found["largest_market_dollars"] * 4 >= model["most_dollars"] * (1.0 - 1e-9)


def test_answers_take_time_by_their_length(tmp_path: Path) -> None:
    """A second for each call and eighty tokens a second, so many at once."""
    text = MODELS.format(url="http://localhost/v1", products=1)
    path = scenario(tmp_path, text.replace("requests_per_minute = 120", "max_in_flight = 2"))
    [model] = estimated(path)["models"]
    assert model["bound_by"] == "2 in flight"
    seconds = (model["calls"] + model["output_tokens"] / 80.0) / 2.0
    assert model["seconds"] == pytest.approx(seconds, rel=0.02)


def test_the_tightest_limit_says_how_long_it_takes(tmp_path: Path) -> None:
    path = scenario(tmp_path, MODELS.format(url="http://localhost/v1", products=1))
    [model] = estimated(path)["models"]
    assert model["bound_by"] == "120 requests per minute"
    assert model["seconds"] == pytest.approx(model["calls"] / 2.0, rel=0.05)
    [tokens] = estimated(path, "--set", "models.local.tokens_per_minute=1000")["models"]
    assert tokens["bound_by"] == "1,000 tokens per minute"


def test_an_estimate_needs_no_key_and_says_which_one_a_launch_needs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    words = ("--sellers", "openai/gpt-5.4-mini", "--set", "products.per_category=1")
    result = sim("launch", *words, "--dry-run")
    assert result.exit_code == 0, result.stderr
    assert "a launch needs OPENAI_API_KEY" in result.stdout
    assert sim("launch", *words).exit_code == 2


def test_an_unknown_price_is_unknown(tmp_path: Path) -> None:
    text = MODELS.format(url="http://localhost/v1", products=1)
    path = scenario(tmp_path, text.partition("[models.local.price]")[0])
    found = estimated(path)
    assert found["dollars"] is None
    assert found["models"][0]["dollars"] is None
    assert "unknown" in sim("launch", path, "--dry-run").stdout
    refused = sim("launch", path, "--dry-run", "--budget", "5")
    assert refused.exit_code == 2
    assert "local" in refused.stderr


def test_what_makes_a_price_known_can_be_copied_from_the_message(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-not-a-real-key")
    words = ("--sellers", "openai/no-such-model-5.4", "--set", "products.per_category=1")
    refused = sim("launch", *words, "--budget", "5")
    assert refused.exit_code == 2
    _, *advised = shlex.split(refused.stderr.rpartition("as in ")[2])
    result = sim("launch", *words, "--set", *advised, "--budget", "5", "--dry-run")
    assert result.exit_code == 0, result.stderr
    assert "unknown" not in result.stdout
    assert refused.stderr.rpartition("as in ")[2] in sim("launch", *words, "--dry-run").stdout


def test_without_the_published_prices_the_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "genai_prices", None)
    known = ModelConfig(provider="openai", model="gpt-5.4")
    assert how_to_price("a", known).startswith("install genai-prices")
    own = ModelConfig(provider="openai-compatible", model="x")
    assert "genai-prices" not in how_to_price("a", own)


def test_workers_share_a_budget(tmp_path: Path) -> None:
    path = scenario(tmp_path, MODELS.format(url="http://localhost/v1", products=1))
    largest = estimated(path)["largest_market_dollars"]
    words = ("launch", path, "--dry-run", "--workers", 4, "--budget")
    assert "3 markets at once" in sim(*words, largest * 3.1).stdout
    assert "too small to start" not in sim(*words, largest).stdout
    assert "too small to start" in sim(*words, largest * 0.99).stdout


@pytest.mark.parametrize(
    ("budget", "said"),
    [
        ("0.001", "too small to start"),
        ("100000", "enough for what is expected"),
        ("1.5", "expected to last for about"),
    ],
)
def test_a_budget_is_judged_before_it_is_spent(budget: str, said: str, tmp_path: Path) -> None:
    path = scenario(tmp_path, MODELS.format(url="http://localhost/v1", products=30))
    result = sim("launch", path, "--dry-run", "--budget", budget)
    assert result.exit_code == 0, result.stderr
    assert said in result.stdout


def test_conversations_are_estimated_too(tmp_path: Path) -> None:
    words = ("--sellers", "openai/gpt-5.4-mini", "--dry-run", "--json")
    result = sim("launch", "csales", *words)
    assert result.exit_code == 0, result.stderr
    [model] = json.loads(result.stdout)["estimate"]["models"]
    assert model["calls"] == 72 * 10


def with_seats(
    folder: Path, *, buyers: int = 1, seller: str = "", reasks: int | None = None
) -> Path:
    """A scenario whose buyers ask a model, and a seller that does too or is named."""
    head, price = MODELS.format(url="http://localhost/v1", products=2).split("[models.local]")
    options = "" if reasks is None else f"options = {{ reasks = {reasks} }}\n"
    asking = 'agent = "model"\nmodel = "local"\n'
    seats = [f'[[sellers]]\nid = "s"\n{seller or asking}{options if not seller else ""}']
    seats += [f'[[buyers]]\nid = "b{n}"\n{asking}{options}' for n in range(buyers)]
    products = head.partition("[[sellers]]")[0]
    return scenario(folder, f"{products}{''.join(seats)}[models.local]{price}")


def test_whoever_asks_for_fewer_second_attempts_reserves_less_and_expects_the_same(
    tmp_path: Path,
) -> None:
    none, usual, two = (estimated(with_seats(tmp_path, reasks=reasks)) for reasks in (0, None, 2))
    assert none["dollars"] == usual["dollars"]
    assert none["most_dollars"] < usual["most_dollars"]
    assert none["largest_market_dollars"] < usual["largest_market_dollars"]
    assert usual == two, "two second attempts are the usual number"


def test_each_episode_of_a_market_adds_its_own_part(tmp_path: Path) -> None:
    """The pitch is shared, so a second and a third buyer cost the same and less than the first."""
    one, two, three = (estimated(with_seats(tmp_path, buyers=n)) for n in (1, 2, 3))
    for name in ("dollars", "most_dollars", "largest_market_dollars"):
        second, third = two[name] - one[name], three[name] - two[name]
        assert 0.0 < second < one[name]
        assert third == pytest.approx(second, rel=1e-4)


def test_a_seat_without_a_model_adds_nothing(tmp_path: Path) -> None:
    both = estimated(with_seats(tmp_path))
    buyer = estimated(with_seats(tmp_path, seller='agent = "plain-dealer"\n'))
    [all_calls], [own_calls] = both["models"], buyer["models"]
    assert 0 < own_calls["calls"] < all_calls["calls"]
    assert buyer["largest_market_dollars"] < both["largest_market_dollars"]


def test_the_largest_market_is_the_one_with_the_longest_sheet(tmp_path: Path) -> None:
    """A market is reserved by its own worst case, the budget has to cover the largest."""
    found = estimated(with_seats(tmp_path))
    assert found["most_dollars"] / 8 < found["largest_market_dollars"] < found["most_dollars"] / 4


def test_a_huge_market_begins_with_money_for_an_episode_and_any_other_with_all_of_its_own(
    tmp_path: Path,
) -> None:
    one, most, huge = (
        estimated(with_seats(tmp_path, buyers=n)) for n in (1, HUGE_EPISODES, HUGE_EPISODES + 1)
    )
    for whole in (one, most):
        assert whole["beginning_dollars"] == whole["largest_market_dollars"]
    assert huge["largest_market_dollars"] > most["largest_market_dollars"]
    assert huge["beginning_dollars"] == one["beginning_dollars"]
