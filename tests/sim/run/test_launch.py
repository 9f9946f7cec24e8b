"""Launching: where things are looked for, who takes the seats, which products, which folder."""

from __future__ import annotations

import gzip
import json
import random
import re
from pathlib import Path
from typing import Any

import pytest

from retailsim.market.catalogue.product_files import builtin_catalogue
from tests.sim.runs import SMALL, event_lines, events_of, launched, replayed, scenario, sim

SEATS = """
[products]
per_category = 1
[[sellers]]
id = "s"
[[buyers]]
id = "b"
"""

PLUGIN = """
from retailsim.agents.retail.behavioral.buyer import BehavioralBuyer

class Buyer(BehavioralBuyer):
    \"\"\"A buyer of one's own.\"\"\"
"""


def rows(count: int = 12) -> list[dict[str, Any]]:
    """So many products of each group, as the published data set has them."""
    groups = ("Grocery & Gourmet Food", "Clothing, Shoes & Jewelry", "Home & Kitchen", "Computers")
    return [
        {
            "parent_asin": f"{group[:2].upper()}{number:03d}",
            "title": f"{group} {number}",
            "price": 5.0 + number,
            "main_category": group,
        }
        for group in groups
        for number in range(count)
    ]


def catalogue(folder: Path, products: list[dict[str, Any]], name: str = "mine.jsonl") -> Path:
    path = folder / name
    data = "".join(json.dumps(row) + "\n" for row in products).encode()
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return path


def sold(run: Path) -> set[str]:
    return {event["product"] for event in events_of(run, "EpisodeOpened")}


def seats(run: Path) -> tuple[set[str], set[str]]:
    opened = events_of(run, "EpisodeOpened")
    return {event["seller"] for event in opened}, {event["buyer"] for event in opened}


@pytest.mark.slow
def test_the_flag_is_relative_to_where_one_is_and_the_key_to_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    catalogue(here, rows()[:1])
    catalogue(there, rows()[1:2])
    path = scenario(there, SEATS.replace("[products]", '[products]\ncatalog = "mine.jsonl"'))
    monkeypatch.chdir(here)
    launched(tmp_path / "key", path)
    launched(tmp_path / "flag", path, "--catalog", "mine.jsonl")
    launched(tmp_path / "ours", path, "--catalog", "builtin")
    assert sold(tmp_path / "key") == {"GR001"}
    assert sold(tmp_path / "flag") == {"GR000"}
    assert len(sold(tmp_path / "ours")) == 4


def test_a_run_needs_its_catalogue_no_more(tmp_path: Path) -> None:
    path = catalogue(tmp_path, rows(), "mine.jsonl.gz")
    launched(tmp_path / "run", scenario(tmp_path, SEATS), "--catalog", path)
    path.unlink()
    assert sim("verify", tmp_path / "run").exit_code == 0


@pytest.mark.slow
def test_the_sample_is_nested_and_does_not_depend_on_the_order_of_the_file(tmp_path: Path) -> None:
    products = rows()
    straight = catalogue(tmp_path, products)
    random.Random(1).shuffle(products)
    shuffled = catalogue(tmp_path, products, "shuffled.jsonl")
    path = scenario(tmp_path, SEATS)
    few, many = "products.per_category=2", "products.per_category=5"
    launched(tmp_path / "few", path, "--catalog", straight, "--set", few)
    launched(tmp_path / "many", path, "--catalog", straight, "--set", many)
    launched(tmp_path / "other", path, "--catalog", shuffled, "--set", few)
    assert len(sold(tmp_path / "few")) == 8
    assert sold(tmp_path / "few") < sold(tmp_path / "many")
    assert event_lines(tmp_path / "few") == event_lines(tmp_path / "other")


@pytest.mark.slow
def test_another_seed_draws_other_products(tmp_path: Path) -> None:
    path = scenario(tmp_path, SEATS)
    for seed in (1, -7, 10**30):
        launched(tmp_path / str(seed), path, "--seed", seed)
    assert len({frozenset(sold(tmp_path / str(seed))) for seed in (1, -7, 10**30)}) == 3


def test_fewer_products_than_asked_is_a_warning(tmp_path: Path) -> None:
    path = catalogue(tmp_path, [*rows(2), {"title": "no price", "parent_asin": "X"}])
    result = sim(
        "launch", scenario(tmp_path, SEATS), "--catalog", path,
        "--set", "products.per_category=3", "--out", tmp_path / "run",
    )  # fmt: skip
    assert result.exit_code == 0
    assert f"{path}: skipped 1 of 9" in result.stderr
    assert f"warning: {path}: fewer than per_category = 3 products: Food 2, " in result.stderr
    assert result.stderr.count("warning: ") == 1
    assert len(sold(tmp_path / "run")) == 8


def test_a_number_of_products_is_said_to_do_nothing_where_all_are_sold() -> None:
    told = sim("launch", "csales", "--dry-run", "--set", "products.per_category=2")
    said = "warning: products.per_category has no effect: csales sells all products"
    assert said in told.stderr
    assert "warning" not in sim("launch", "csales", "--dry-run").stderr


def test_a_number_of_products_beside_their_ids_is_said_to_do_nothing(tmp_path: Path) -> None:
    path = catalogue(tmp_path, rows(2))
    ids = json.dumps([row["parent_asin"] for row in rows(2)][:2])
    base = ("launch", scenario(tmp_path, SEATS), "--catalog", path, "--dry-run")
    named = (*base, "--set", f"products.ids={ids}")
    said = "warning: products.per_category has no effect with products.ids"
    assert said in sim(*named, "--set", "products.per_category=1").stderr
    assert "warning" not in sim(*named, "--set", "products.per_category=30").stderr


def test_a_mapping_of_ones_own_sorts_products_into_groups(tmp_path: Path) -> None:
    row = {**rows(1)[0], "main_category": "Curiosities", "categories": ["Curiosities"]}
    path = catalogue(tmp_path, [row])
    (tmp_path / "groups.toml").write_text('[categories]\n"Curiosities" = "Home"\n')
    launched(
        tmp_path / "run", scenario(tmp_path, SEATS), "--catalog", path,
        "--set", "products.categories=groups.toml",
    )  # fmt: skip
    assert {e["category"] for e in events_of(tmp_path / "run", "EpisodeOpened")} == {"Home"}
    refused = sim("launch", scenario(tmp_path, SEATS), "--catalog", path)
    assert refused.exit_code == 2
    assert "Curiosities" in refused.stderr


@pytest.mark.slow
def test_products_of_any_id_are_run_resumed_and_verified(tmp_path: Path) -> None:
    ids = ["a/b", "a~1", "a b", '"q"', "[red]", "ä/日本", "<b>", "a//b/", "%2F", "'", "..", "#"]
    path = catalogue(tmp_path, [{**rows(1)[0], "parent_asin": one} for one in ids])
    run, words = tmp_path / "run", ("--set", f"products.per_category={len(ids)}")
    launched(run, scenario(tmp_path, SEATS), "--catalog", path, *words)
    assert sold(run) == set(ids)
    assert sim("verify", run).exit_code == 0
    assert sim("resume", run).exit_code == 0
    assert replayed(run)["episodes"]["closed"] == len(ids)


@pytest.mark.slow
@pytest.mark.parametrize("broadcast", ["shared", "episode"])
def test_seats_of_any_id_are_run_and_verified(tmp_path: Path, broadcast: str) -> None:
    ids = ["b~x", "b~", "~1~", "日本", 'a "b"', "a.b:c", "..", "[b]"]
    head, seat = SEATS.split("[[buyers]]")
    named = (seat.replace('"b"', json.dumps(one, ensure_ascii=False)) for one in ids)
    text = "[[buyers]]".join((head, *named))
    run = tmp_path / "run"
    launched(run, scenario(tmp_path, text), "--set", f"design.broadcast={broadcast}")
    assert seats(run) == ({"s"}, set(ids))
    assert sim("verify", run).exit_code == 0


def test_seats_are_taken_by_profiles_agents_and_classes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.py").write_text(PLUGIN)
    monkeypatch.chdir(tmp_path)
    buyers = "easy-shopper, behavioral,mine:Buyer"
    launched(tmp_path / "run", "--sellers", "quiet-clerk", "--buyers", buyers, *SMALL)
    assert seats(tmp_path / "run") == (
        {"quiet-clerk"},
        {"easy-shopper", "behavioral", "mine:Buyer"},
    )
    assert sim("verify", tmp_path / "run").exit_code == 0


@pytest.mark.slow
def test_a_class_is_looked_for_beside_the_scenario(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(PLUGIN)
    path = scenario(tmp_path, SEATS)
    launched(tmp_path / "run", path, "--buyers", "mine:Buyer")
    (tmp_path / "mine.py").unlink()
    assert sim("verify", tmp_path / "run").exit_code == 0


def test_a_seat_says_more_than_its_profile(tmp_path: Path) -> None:
    text = SEATS.replace('id = "b"', 'id = "b"\nagent = "easy-shopper"\ngender = "male"')
    launched(tmp_path / "run", scenario(tmp_path, text))
    opened = events_of(tmp_path / "run", "EpisodeOpened")
    assert {e["buyer_gender"] for e in opened} == {"male"}
    assert all(e["buyer_persona"]["pickiness"] == "easygoing" for e in opened)


def test_settings_win_over_flags_and_flags_over_the_file(tmp_path: Path) -> None:
    path = scenario(tmp_path, SEATS + "[run]\nseed = 1\n")

    def seed(*words: object) -> str:
        said = sim("launch", path, "--dry-run", *words).stdout
        return said.split("seed ")[1].split(";")[0]

    assert seed() == "1"
    assert seed("--seed", 2) == "2"
    assert seed("--set", "run.seed=3") == "3"
    assert seed("--seed", 2, "--set", "run.seed=3", "--set", "run.seed=4") == "4"


def test_a_seat_may_be_a_model_that_only_settings_describe() -> None:
    settings = ("provider=openai-compatible", "model=x", "base_url=http://127.0.0.1:9/v1")
    words = [word for one in settings for word in ("--set", f"models.mine.{one}")]
    result = sim("launch", "--sellers", "mine", *words, *SMALL, "--dry-run", "--json")
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["models"] == ["mine"]


def test_a_seat_is_set_by_its_id(tmp_path: Path) -> None:
    words = ("--set", "sellers.plain-dealer.gender=male", *SMALL)
    launched(tmp_path / "run", *words)
    opened = events_of(tmp_path / "run", "EpisodeOpened")
    assert {e["seller_gender"] for e in opened if e["seller"] == "plain-dealer"} == {"male"}


@pytest.mark.slow
def test_the_folder_is_named_after_the_run_and_the_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        assert sim("launch", *SMALL, "--set", "run.name=a/b c").exit_code == 0
    names = sorted(path.name for path in (tmp_path / "runs").iterdir())
    assert len(names) == 2
    assert all(re.fullmatch(r"a-b c-\d{8}-\d{6}(-\d)?", name) for name in names)


def test_an_empty_folder_is_used_and_any_other_left_alone(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    launched(tmp_path / "empty", *SMALL)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes.txt").touch()
    for place, problem in (
        (tmp_path / "other", "exists and is not empty: choose another --out"),
        (tmp_path / "empty", "exists and is not empty: choose another --out, or resume the run"),
        (scenario(tmp_path, SEATS), "exists and is not a folder: choose another --out"),
    ):
        result = sim("launch", *SMALL, "--out", place)
        assert result.exit_code == 2
        assert result.stderr == f"error: {place} {problem}\n"


@pytest.mark.parametrize("amount", ["0", "-1", "nan", "inf", "1e300", "x"])
@pytest.mark.parametrize("words", [("launch", "--dry-run"), ("shard", "s3://b/r", "--share", "0")])
def test_a_budget_is_a_number_of_dollars(words: tuple[str, ...], amount: str) -> None:
    result = sim(*words, "--budget", amount)
    assert result.exit_code == 2
    assert "Error: Invalid value for '--budget'" in result.stderr


@pytest.mark.parametrize("setting", ["price_multipliers=[0.0001]", "discount=0.99999"])
def test_a_price_near_nothing_is_still_a_price(tmp_path: Path, setting: str) -> None:
    launched(tmp_path / "run", scenario(tmp_path, SEATS), "--set", f"design.{setting}")
    assert all(e["price_cents"] >= 0 for e in events_of(tmp_path / "run", "EpisodeOpened"))
    assert sim("verify", tmp_path / "run").exit_code == 0


def test_conditions_of_close_prices_have_names_of_their_own(tmp_path: Path) -> None:
    setting = "design.price_multipliers=[1.1, 1.1000001, 2]"
    launched(tmp_path / "run", scenario(tmp_path, SEATS), "--set", setting)
    conditions = {e["condition"] for e in events_of(tmp_path / "run", "EpisodeOpened")}
    assert conditions == {"price x1.1", "price x1.1000001", "price x2"}


@pytest.mark.parametrize("key", ["run", "products", "models"])
def test_a_value_where_a_table_belongs_is_named_whatever_the_flags(
    tmp_path: Path, key: str
) -> None:
    text = f"{key} = 3\n" + ("" if key == "products" else SEATS)
    path = scenario(tmp_path, text)
    flags = ("--seed", 1, "--catalog", builtin_catalogue(), "--sellers", "behavioral")
    result = sim("launch", path, *flags)
    assert result.exit_code == 2
    assert result.stderr == f"error: {path}: {key}: must be a table\n"


def test_a_directory_is_no_scenario(tmp_path: Path) -> None:
    result = sim("launch", tmp_path)
    assert f"no scenario '{tmp_path}': it is a folder, and the built-in ones are " in result.stderr
    assert "did you mean pairwise?" in sim("launch", "pairwis").stderr


def test_errors_of_agents_name_the_scenario_and_the_seat(tmp_path: Path) -> None:
    path = scenario(tmp_path, SEATS.replace('id = "b"', 'id = "b"\nagent = "nope"'))
    assert sim("launch", path).stderr.startswith(f"error: {path}: buyers.b: no buyer agent is")
    path = scenario(tmp_path, SEATS + "[behavioral]\nparameters = 'no.toml'\n")
    expected = f"error: {path}: behavioral.parameters: there is no file {tmp_path / 'no.toml'}\n"
    assert sim("launch", path).stderr == expected


@pytest.mark.parametrize(
    ("file", "table", "words", "called"),
    [
        ("corner-shop.toml", "", (), "corner-shop"),
        ("corner-shop.toml", "[run]\nseed = 3\n", (), "corner-shop"),
        ("corner-shop.toml", '[run]\nname = "mine"\n', (), "mine"),
        ("corner-shop.toml", '[run]\nname = "mine"\n', ("--set", "run.name=other"), "other"),
        ("corner-shop.toml", "", ("--set", "run.name=other"), "other"),
        (f"{'x' * 101}.toml", "", (), "pairwise"),
    ],
)
def test_a_scenario_is_called_by_its_file_unless_it_says_its_name(
    file: str, table: str, words: tuple[str, ...], called: str, tmp_path: Path
) -> None:
    path = scenario(tmp_path, table + SEATS, file)
    assert sim("launch", path, *words, "--dry-run").stdout.startswith(f"{called}: ")


@pytest.mark.slow
def test_the_report_is_called_by_the_file_and_no_event_depends_on_it(tmp_path: Path) -> None:
    named = scenario(tmp_path, SEATS, "corner-shop.toml")
    other = scenario(tmp_path, SEATS, "stall.toml")
    for name, path in (("one", named), ("two", other)):
        launched(tmp_path / name, path)
    assert event_lines(tmp_path / "one") == event_lines(tmp_path / "two")
    assert sim("report", tmp_path / "one", "-o", tmp_path / "x.html").exit_code == 0
    page = (tmp_path / "x.html").read_text(encoding="utf-8")
    assert "<title>corner-shop: one" in page
    assert "pairwise" not in page.split("</title>")[0]


def test_a_run_table_that_is_none_is_still_refused_in_one_line(tmp_path: Path) -> None:
    path = scenario(tmp_path, "run = 3\n" + SEATS)
    result = sim("launch", path, "--dry-run")
    assert result.exit_code == 2
    assert len(result.stderr.strip().splitlines()) == 1
    assert "run" in result.stderr
