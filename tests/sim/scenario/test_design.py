"""Every key of a design has its effect on the log, and arms share their draws."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.cases import quick
from tests.sim.runs import events_of, launched, replayed, scenario, sim

TWO = """
[products]
per_category = 1
[[sellers]]
id = "ann"
agent = "plain-dealer"
[[sellers]]
id = "bob"
agent = "bold-showman"
[[buyers]]
id = "ann"
agent = "easy-shopper"
[[buyers]]
id = "cat"
agent = "careful-saver"
"""


@pytest.fixture
def run(tmp_path: Path) -> Any:
    """Launch the scenario of two sellers and two buyers with settings; returns the folder."""
    path = scenario(tmp_path, TWO)

    def launch(*settings: str, name: str = "run") -> Path:
        words = [word for setting in settings for word in ("--set", setting)]
        launched(tmp_path / name, path, *words)
        return tmp_path / name

    return launch


def met(run: Path) -> Counter[tuple[str, str]]:
    return Counter((e["seller"], e["buyer"]) for e in events_of(run, "EpisodeOpened"))


def decisions(run: Path, condition: str = "base") -> dict[tuple[str, str, str], Any]:
    """(product, seller, buyer) -> decision, of one condition."""
    opened = {e["episode"]: e for e in events_of(run, "EpisodeOpened")}
    return {
        (o["product"], o["seller"], o["buyer"]): (e["will_purchase"], e["quantity"], e["reason"])
        for e in events_of(run, "DecisionMade")
        for o in [opened[e["episode"]]]
        if o["condition"] == condition
    }


def test_all_meet_all(run: Any) -> None:
    assert met(run()) == {
        ("ann", "ann"): 4,
        ("ann", "cat"): 4,
        ("bob", "ann"): 4,
        ("bob", "cat"): 4,
    }


def test_self_pairs_seats_of_one_id(run: Any) -> None:
    assert met(run("design.pairing=self")) == {("ann", "ann"): 4}


def test_a_list_of_pairs_is_taken_as_it_is(run: Any) -> None:
    pairs = 'design.pairing=[["bob", "cat"], ["ann", "ann"]]'
    assert met(run(pairs)) == {("bob", "cat"): 4, ("ann", "ann"): 4}


@pytest.mark.slow
def test_random_gives_each_buyer_one_seller_per_product(run: Any) -> None:
    folder = run("design.pairing=random", "products.per_category=8")
    opened = events_of(folder, "EpisodeOpened")
    assert Counter((e["product"], e["buyer"]) for e in opened).most_common(1)[0][1] == 1
    assert len(opened) == 32 * 2
    assert len({e["seller"] for e in opened}) == 2


@pytest.mark.slow
def test_random_pairs_are_the_same_in_every_arm_and_others_in_a_replication(run: Any) -> None:
    folder = run(
        "design.pairing=random",
        "design.price_multipliers=[1.0, 1.2]",
        "design.replications=2",
        "products.per_category=8",
    )
    met: dict[tuple[str, int], set[tuple[str, str, str]]] = {}
    for event in events_of(folder, "EpisodeOpened"):
        pairs = met.setdefault((event["condition"], event["replication"]), set())
        pairs.add((event["product"], event["seller"], event["buyer"]))
    assert met["base", 1] == met["price x1.2", 1]
    assert met["base", 2] == met["price x1.2", 2]
    assert met["base", 1] != met["base", 2]


@pytest.mark.slow
def test_replications_repeat_with_new_draws(run: Any) -> None:
    folder = run("design.replications=3", "products.per_category=4")
    opened = {e["episode"]: e["replication"] for e in events_of(folder, "EpisodeOpened")}
    assert Counter(opened.values()) == {1: 64, 2: 64, 3: 64}
    bought: dict[int, list[bool]] = {1: [], 2: [], 3: []}
    for event in events_of(folder, "DecisionMade"):
        bought[opened[event["episode"]]].append(event["will_purchase"])
    assert bought[1] != bought[2]


def test_multipliers_and_discount_set_the_price(run: Any) -> None:
    folder = run("design.price_multipliers=[1.0, 1.1]", "design.discount=0.2")
    for event in events_of(folder, "EpisodeOpened"):
        asked = event["list_price_cents"] * event["price_multiplier"] * 0.8
        assert event["price_cents"] == pytest.approx(asked, abs=0.5)
        assert event["discount"] == 0.2
        assert event["condition"] == ("base" if event["price_multiplier"] == 1.0 else "price x1.1")


@pytest.mark.slow
def test_arms_share_every_draw_they_have_in_common(run: Any) -> None:
    """An arm that differs in nothing but its name decides the same, word for word."""
    folder = run("design.price_multipliers=[1.0, 1.0000001]", "products.per_category=5")
    assert decisions(folder) == decisions(folder, "price x1.0000001")


@pytest.mark.slow
def test_a_higher_price_only_loses_buyers(run: Any) -> None:
    folder = run("design.price_multipliers=[1.0, 1.5]", "products.per_category=10")
    cheap, dear = decisions(folder), decisions(folder, "price x1.5")
    assert all(cheap[key][0] for key in dear if dear[key][0])
    assert sum(d[0] for d in dear.values()) < sum(d[0] for d in cheap.values())


@pytest.mark.slow
def test_a_pitch_for_each_episode_changes_no_decision(run: Any) -> None:
    shared = run(name="shared")
    single = run("design.broadcast=episode", name="single")
    assert len(events_of(shared, "PitchPresented")) == 8
    assert len(events_of(single, "PitchPresented")) == 16
    assert decisions(single) == decisions(shared)


@pytest.mark.parametrize(
    ("share", "planned"), quick(2, [(0.0, 0), (0.25, 1), (0.5, 2), (0.75, 3), (1.0, 4)])
)
def test_guidance_is_a_share_of_the_four_dimensions(run: Any, share: float, planned: int) -> None:
    folder = run(f"design.guidance={share}", 'design.pairing=[["ann", "ann"]]')
    dimensions = (
        "target_expansion",
        "value_proposition",
        "contextual_urgency",
        "objection_handling",
    )
    for event in events_of(folder, "StrategyFormed"):
        assert sum(event[name] is not None for name in dimensions) == planned


@pytest.mark.slow
def test_nonbuyers_review_when_asked_to(run: Any) -> None:
    silent = run("products.per_category=4", name="silent")
    folder = run("design.nonbuyer_reviews=true", "products.per_category=4")

    def reviewing_nonbuyers(where: Path) -> set[str]:
        reviewed = {e["episode"] for e in events_of(where, "ReviewPosted")}
        return reviewed - {e["episode"] for e in events_of(where, "OrderPlaced")}

    assert not reviewing_nonbuyers(silent)
    nonbuyers = reviewing_nonbuyers(folder)
    assert nonbuyers
    aspects = {e["aspect"] for e in events_of(folder, "ReviewPosted") if e["episode"] in nonbuyers}
    assert aspects == {"pitch", "pre_inquiry"}
    assert (
        replayed(folder)["overall"]["average_rating"]
        == replayed(silent)["overall"]["average_rating"]
    )


def test_turns_are_limited(run: Any) -> None:
    folder = run("design.max_turns=2")
    assert max(e["turn"] for e in events_of(folder, "MessageSent")) == 2


@pytest.mark.slow
def test_without_transcripts_texts_are_left_out_and_measures_stay(run: Any) -> None:
    full, bare = run(name="full"), run("design.transcripts=false", name="bare")
    assert not any(e["text"] for e in events_of(bare, "MessageSent"))
    assert not any(any(e["sections"].values()) for e in events_of(bare, "PitchPresented"))
    assert replayed(bare) == replayed(full)
    assert sim("verify", bare).exit_code == 0


@pytest.mark.slow
def test_the_issue_rate_is_a_share_of_orders_and_nested(run: Any) -> None:
    settings = ("products.per_category=10", "issues.overclaim_rate=0.0")
    raised = {}
    for rate in (0.0, 0.3, 1.0):
        folder = run(f"products.issue_rate={rate}", *settings, name=f"rate-{rate}")
        orders = {e["episode"] for e in events_of(folder, "OrderPlaced")}
        raised[rate] = {e["episode"] for e in events_of(folder, "IssueRaised")}
        assert len(events_of(folder, "OrderDelivered")) > 0
    assert raised[0.0] == set()
    assert raised[0.0] < raised[0.3] < raised[1.0] == orders


def test_weights_choose_the_issue(run: Any) -> None:
    folder = run('issues.weights={"damaged on arrival" = 1.0}', "issues.overclaim_rate=0.0")
    assert {e["issue"] for e in events_of(folder, "IssueRaised")} == {"damaged on arrival"}


@pytest.mark.slow
def test_overclaims_come_back_as_not_as_described(run: Any) -> None:
    certain = run(
        "issues.overclaim_rate=1.0",
        'issues.weights={"shipping delay" = 1.0}',
        "sellers.1.options.overclaim=1.0",
        "products.per_category=5",
    )
    opened = {e["episode"]: e["seller"] for e in events_of(certain, "EpisodeOpened")}
    issues: dict[str, set[str]] = {"ann": set(), "bob": set()}
    for event in events_of(certain, "IssueRaised"):
        issues[opened[event["episode"]]].add(event["issue"])
    assert issues["bob"] == {"not as described"}
    assert issues["ann"] == {"shipping delay"}


@pytest.mark.slow
def test_a_window_of_no_days_refuses_late_returns(run: Any) -> None:
    windows = [f"policy.{c}.window_days=0" for c in ("Food", "Fashion", "Home", "Electronics")]
    folder = run(
        *windows,
        'issues.weights={"change of mind" = 1.0}',
        "issues.overclaim_rate=0.0",
        "products.per_category=5",
    )
    assert {e["outcome"] for e in events_of(folder, "IssueResolved")} <= {"delivered", "refunded"}
    late = [e for e in events_of(folder, "IssueResolved") if e["outcome"] == "delivered"]
    assert late


def test_shipping_rules_set_fee_and_days(run: Any) -> None:
    folder = run("shipping.rate=0.0", "shipping.order_days=[0, 0]", "shipping.delivery_days=[2, 2]")
    day = 24 * 3600 * 10**6
    placed = {e["order"]: e for e in events_of(folder, "OrderPlaced")}
    assert all(e["shipping_cents"] == 0 for e in placed.values())
    on_time = {
        e["order"] for e in events_of(folder, "IssueRaised") if e["issue"] != "shipping delay"
    }
    for event in events_of(folder, "OrderDelivered"):
        if event["order"] in on_time:
            assert event["t"] - placed[event["order"]]["t"] == 2 * day


def test_named_products_are_taken_in_their_order(run: Any) -> None:
    folder = run('products.ids=["RSHO000003", "RSFD000001"]')
    markets = list(dict.fromkeys(e["product"] for e in events_of(folder, "EpisodeOpened")))
    assert set(markets) == {"RSHO000003", "RSFD000001"}
    lines = (folder / "inputs" / "products.jsonl").read_text().splitlines()
    assert [json.loads(line)["id"] for line in lines] == ["RSHO000003", "RSFD000001"]


@pytest.mark.slow
def test_a_larger_sample_contains_the_smaller(run: Any) -> None:
    few = {e["product"] for e in events_of(run(name="few"), "EpisodeOpened")}
    folder = run("products.per_category=5", name="many")
    assert few < {e["product"] for e in events_of(folder, "EpisodeOpened")}


@pytest.mark.slow
def test_parameters_of_ones_own_change_the_buyers(run: Any, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("[buyer.choice]\nintercept = -50.0\n")
    seats = ("buyers.0.agent=behavioral", "buyers.1.agent=behavioral")
    folder = run("behavioral.parameters=mine.toml", *seats)
    assert replayed(folder)["overall"]["conversion_rate"] == 0.0
    assert (folder / "inputs" / "behavioral.toml").is_file()
    (tmp_path / "mine.toml").unlink()
    assert sim("verify", folder).exit_code == 0


def test_a_script_seller_speaks_its_file(tmp_path: Path) -> None:
    (tmp_path / "pitch.txt").write_text("Look at this {title}! It costs {price}.")
    text = TWO.replace('id = "bob"\nagent = "bold-showman"', 'id = "bob"\nagent = "script"')
    text = text.replace('agent = "script"', 'agent = "script"\npitch_file = "pitch.txt"')
    launched(tmp_path / "run", scenario(tmp_path, text))
    spoken = [e for e in events_of(tmp_path / "run", "PitchPresented") if e["seller"] == "bob"]
    assert len(spoken) == 4
    assert all("Look at this " in "".join(e["sections"].values()) for e in spoken)
    (tmp_path / "pitch.txt").unlink()
    assert sim("verify", tmp_path / "run").exit_code == 0


def test_flags_replace_seats_and_settings_win_over_flags(tmp_path: Path) -> None:
    path = scenario(tmp_path, TWO)
    said = sim(
        "launch", path, "--sellers", "quiet-clerk", "--buyers", "easy-shopper,bargain-hunter",
        "--seed", 3, "--set", "run.seed=9", "--out", tmp_path / "run",
    )  # fmt: skip
    assert said.exit_code == 0, said.stderr
    assert met(tmp_path / "run") == {
        ("quiet-clerk", "easy-shopper"): 4,
        ("quiet-clerk", "bargain-hunter"): 4,
    }
    assert "seed = 9" in (tmp_path / "run" / "run.toml").read_text()


def test_odd_names_and_titles_are_run_and_printed_safely(tmp_path: Path) -> None:
    title = 'A "[bold red]thing[/]" <b>\x1b[31m~ä\u202e'
    row = {
        "parent_asin": "a/b~1 [x]",
        "title": title,
        "price": 9.99,
        "main_category": "Grocery",
    }
    (tmp_path / "mine.jsonl").write_text(json.dumps(row) + "\n")
    text = TWO.replace('id = "bob"', 'id = "[bold]b~1 ob"')
    result = sim("launch", scenario(tmp_path, text), "--catalog", tmp_path / "mine.jsonl",
                 "--out", tmp_path / "run")  # fmt: skip
    assert result.exit_code == 0, result.stderr
    assert "\x1b" not in result.stdout
    assert "[bold]b~1 ob" in result.stdout
    assert "Food: 1 products where" not in result.stderr
    assert sim("verify", tmp_path / "run").exit_code == 0
    assert replayed(tmp_path / "run")["episodes"]["closed"] == 4


def test_a_dry_run_makes_nothing(tmp_path: Path) -> None:
    result = sim("launch", scenario(tmp_path, TWO), "--dry-run", "--out", tmp_path / "run")
    assert result.exit_code == 0
    assert "16 episodes, 4 products, 2 sellers, 2 buyers, seed 1; 8 markets" in result.stdout
    assert not (tmp_path / "run").exists()
