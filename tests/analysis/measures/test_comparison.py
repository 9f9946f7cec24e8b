"""Comparing two runs: exactly nothing for a run with itself, and the truth for a lower price."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import NormalDist
from typing import Any

import pytest
from scipy.stats import t as student

from retailsim.analysis.measures.comparison import Change, Comparison, compare
from retailsim.analysis.projection.loader import load
from retailsim.analysis.statistics.multiplicity import benjamini_hochberg
from retailsim.events.messages import EpisodeFailed, Event, IssueRaised
from retailsim.sim.look.compare import compared
from tests.analysis.fakelog import closed, episode, market, opened, order, write_run
from tests.sim.runs import launched, sim

SIZE = ("--set", "products.per_category=8")


def change_of(found: Comparison, measure: str = "conversion_rate") -> Change:
    """The planned difference of a measure."""
    [change] = [change for change in found.planned if change.measure == measure]
    return change


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("compare")
    launched(folder / "a", *SIZE)
    launched(folder / "cheap", *SIZE, "--set", "design.discount=0.2")
    launched(folder / "other", *SIZE, "--seed", "2")
    return {name: folder / name for name in ("a", "cheap", "other")}


def test_a_run_differs_from_itself_by_exactly_nothing(runs: dict[str, Path]) -> None:
    found = compare(load(runs["a"]), load(runs["a"]))
    assert (found.pairs, found.only_first, found.only_second) == (800, 0, 0)
    for change in (*found.planned, *found.exploratory):
        assert change.test.estimate == 0.0
        assert change.test.p == 1.0
        assert change.adjusted_p == 1.0
        if change.test.interval is not None:
            assert (change.test.interval.low, change.test.interval.high) == (0.0, 0.0)


def test_a_lower_price_sells_more_in_pairs_that_share_their_draws(runs: dict[str, Path]) -> None:
    found = compare(load(runs["a"]), load(runs["cheap"]))
    assert found.pairs == 800
    conversion = change_of(found)
    assert conversion.test.estimate is not None
    assert conversion.test.estimate > 0.05
    assert conversion.adjusted_p is not None
    assert conversion.adjusted_p < 0.001
    assert conversion.first.value is not None
    assert conversion.second.value is not None
    difference = conversion.second.value - conversion.first.value
    assert conversion.test.estimate == pytest.approx(difference)


def test_pairs_tell_more_than_the_runs_apart(runs: dict[str, Path]) -> None:
    conversion = change_of(compare(load(runs["a"]), load(runs["cheap"])))
    interval = conversion.test.interval
    alone = conversion.first.interval
    assert interval is not None
    assert alone is not None
    assert interval.high - interval.low < alone.high - alone.low


def test_an_adjusted_p_is_never_below_its_own(runs: dict[str, Path]) -> None:
    found = compare(load(runs["a"]), load(runs["other"]))
    assert found.planned
    assert found.exploratory
    for change in (*found.planned, *found.exploratory):
        assert change.adjusted_p is not None
        assert change.test.p is not None
        assert change.adjusted_p >= change.test.p - 1e-12


def test_each_grid_is_adjusted_for_its_own_tests(runs: dict[str, Path]) -> None:
    found = compare(load(runs["a"]), load(runs["cheap"]))
    together = benjamini_hochberg([change.test.p for change in found.exploratory])
    assert [change.adjusted_p for change in found.exploratory] != together
    for grid in ("seller", "buyer", "category"):
        some = [change for change in found.exploratory if change.of.startswith(f"{grid} ")]
        assert len(some) > 1
        alone = benjamini_hochberg([change.test.p for change in some])
        assert [change.adjusted_p for change in some] == alone


@pytest.mark.slow
def test_an_interval_leaves_out_no_change_exactly_where_its_p_is_below_five_percent(
    runs: dict[str, Path],
) -> None:
    for first, second in (("a", "cheap"), ("a", "other"), ("cheap", "other")):
        found = compare(load(runs[first]), load(runs[second]), shared=second == "cheap")
        for change in (*found.planned, *found.exploratory):
            p, between, single = change.adjusted_p, change.simultaneous, change.test.interval
            assert p is not None
            assert between is not None
            assert single is not None
            assert between.low <= single.low <= single.high <= between.high
            assert (p <= 0.05) == (not between.low <= 0.0 <= between.high), change


def test_the_intervals_of_all_differences_hold_together(runs: dict[str, Path]) -> None:
    """Bonferroni: six at 99.2 %, wider than six alone at 95 % by the quantiles' ratio.

    Runs of other seeds have other buyers, five of them: Student's t with four degrees of freedom.
    """
    found = compare(load(runs["a"]), load(runs["other"]), shared=False)
    assert len(found.planned) == 6
    ratio = student.ppf(1 - 0.025 / 6, 4) / student.ppf(0.975, 4)
    for change in found.planned:
        assert change.simultaneous is not None
        assert change.test.interval is not None
        wide = change.simultaneous.high - change.simultaneous.low
        narrow = change.test.interval.high - change.test.interval.low
        assert wide / narrow == pytest.approx(ratio, rel=0.03)
        assert change.test.p is not None
        assert change.adjusted_p == pytest.approx(min(1.0, 6 * change.test.p))


@pytest.mark.slow
def test_the_command_prints_both_tables_and_one_json_object(runs: dict[str, Path]) -> None:
    told = sim("compare", runs["a"], runs["cheap"])
    assert told.exit_code == 0, told.stderr
    assert "800 pairs of episodes that share their draws" in told.stdout
    assert "seller bold-showman" in told.stdout
    as_json: dict[str, Any] = json.loads(sim("compare", runs["a"], runs["cheap"], "--json").stdout)
    assert as_json["comparison"]["pairs"] == 800
    assert [row["measure"] for row in as_json["comparison"]["planned"]] == [
        *("profit_cents", "conversion_rate", "net_revenue_cents", "refund_rate"),
        *("average_quantity", "average_rating"),
    ]


def test_a_rival_at_a_place_pairs_with_who_had_it(tmp_path: Path) -> None:
    one = [closed(f"e{n}", opened(product=f"p{n}"), order()) for n in range(4)]
    two = [closed(f"f{n}", opened(seller="t", product=f"p{n}")) for n in range(4)]
    first = write_run(tmp_path / "one", market("m", *one))
    second = write_run(tmp_path / "two", market("m", *two))
    found = compare(load(first), load(second))
    assert found.pairs == 4
    assert change_of(found).test.estimate == -1.0
    printed = sim("compare", first, second).stdout
    assert "4 pairs of episodes by product and place" in " ".join(printed.split())
    assert "- seller: s → t, at the same place, with other draws" in printed


def test_runs_without_a_product_in_common_are_refused(tmp_path: Path) -> None:
    first, second = (
        write_run(tmp_path / name, market("m", closed("e", opened(product=name), order())))
        for name in ("one", "two")
    )
    result = sim("compare", first, second)
    assert result.exit_code == 2
    assert result.stderr == (
        f"error: {first} and {second} have no product in common, so nothing pairs; "
        "launch both with one seed and the same products\n"
    )


def test_an_empty_run_has_nothing_to_compare(tmp_path: Path) -> None:
    empty = write_run(tmp_path / "run", market("m"))
    result = sim("compare", empty, empty)
    assert result.exit_code == 1, result.stderr
    assert "nan" not in result.stdout.lower()


def test_each_side_has_its_interval_n_and_effective_n(runs: dict[str, Path]) -> None:
    page = sim("compare", runs["a"], runs["cheap"]).stdout
    conversion = change_of(compare(load(runs["a"]), load(runs["cheap"])))
    for side in (conversion.first, conversion.second):
        assert side.value is not None
        assert side.interval is not None
        assert f"{side.value:.1%}" in page
        assert f"{side.interval.low:.1%} to {side.interval.high:.1%}" in page
        assert f"n {side.n:,}, eff. {side.effective_n:,.0f}" in page
    assert max(map(len, page.splitlines())) <= 80
    assert "<0.001" in page


@pytest.mark.slow
def test_with_other_seeds_nothing_shares_its_draws(runs: dict[str, Path]) -> None:
    result = sim("compare", runs["a"], runs["other"], "--json")
    found = json.loads(result.stdout)["comparison"]
    assert (found["pairs"], found["only_first"], found["only_second"]) == (0, 800, 800)
    assert "new buyers" in found["generalise_to"]
    for change in (*found["planned"], *found["exploratory"]):
        alone = change["of"].startswith("buyer")
        how = "clustered difference" if alone else "difference by product and buyer"
        assert change["test"]["method"].startswith(how)
    page = " ".join(sim("compare", runs["a"], runs["other"]).stdout.split())
    assert "other seeds: no episodes can be paired" in page


def test_runs_of_different_protocols_are_not_compared(
    runs: dict[str, Path], tmp_path: Path
) -> None:
    launched(tmp_path / "talk", "csales", "--set", "profiles.count=3")
    result = sim("compare", runs["a"], tmp_path / "talk")
    assert result.exit_code == 2
    assert len(result.stderr.strip().splitlines()) == 1
    assert "compare runs of one protocol" in result.stderr


def test_episodes_of_a_single_product_are_compared_as_independent_ones(tmp_path: Path) -> None:
    one = [closed(f"e{n}", opened(product="p"), order()) for n in range(8)]
    two = [closed(f"f{n}", opened(seller="t", product="p")) for n in range(8)]
    first, second = (
        write_run(tmp_path / name, market("m", *some)) for name, some in (("a", one), ("b", two))
    )
    conversion = change_of(compare(load(first), load(second)))
    assert conversion.test.method == "Fisher exact"
    assert conversion.test.interval is not None
    assert conversion.test.p == pytest.approx(2 / 12870)


def test_intervals_of_a_single_product_are_adjusted_as_their_p_is(tmp_path: Path) -> None:
    """Of two buyers one is told apart, so its interval is of 97.5 %."""

    def run(name: str, b: int, c: int) -> Path:
        some = [
            closed(
                f"{buyer}{n}",
                opened(seller=name, buyer=buyer, product="p"),
                *([order()] if n < bought else []),
            )
            for buyer, bought in (("b", b), ("c", c))
            for n in range(8)
        ]
        return write_run(tmp_path / name, market("m", *some))

    found = compare(load(run("first", 8, 4)), load(run("second", 0, 4)))
    changes = {change.of: change for change in found.exploratory}
    told = changes["buyer b"]
    assert (told.test.method, told.test.estimate) == ("Fisher exact", -1.0)
    assert told.adjusted_p == pytest.approx(2 * told.test.p if told.test.p else 0.0)
    z = NormalDist().inv_cdf(0.9875)
    gone = (z * z / 8) / (1.0 + z * z / 8)  # what Wilson leaves of 8 of 8
    assert told.simultaneous is not None
    assert told.simultaneous.high == pytest.approx(-1.0 + gone * 2**0.5)


def test_a_category_of_a_single_pair_is_compared_as_a_pair(tmp_path: Path) -> None:
    def run(name: str, *, sold: bool) -> Path:
        some = [
            closed(
                f"e{n}",
                opened(product=f"p{n}", category="Food" if n else "Fashion"),
                *([order()] if sold else []),
            )
            for n in range(4)
        ]
        return write_run(tmp_path / name, market("m", *some))

    found = compare(load(run("a", sold=True)), load(run("b", sold=False)))
    tests = {change.of: change.test for change in found.exploratory}
    assert tests["category Fashion"].method == "McNemar, exact"
    assert (tests["category Fashion"].estimate, tests["category Fashion"].n) == (-1.0, 1)
    assert tests["category Food"].n == 3


def test_no_difference_of_rates_is_beyond_a_hundred_points(tmp_path: Path) -> None:
    def run(name: str, *sold: bool) -> Path:
        some = [
            closed(f"e{n}", opened(product=f"p{n}"), *([order()] if bought else []))
            for n, bought in enumerate(sold)
        ]
        return write_run(tmp_path / name, market("m", *some))

    found = compare(load(run("a", True, False)), load(run("b", True, True)))
    interval = change_of(found).test.interval
    assert interval is not None
    assert (interval.low, interval.high) == (-1.0, 1.0)


SEATS = """
[products]
per_category = 2
{sellers}
[[buyers]]
id = "ann"
"""


def of_sellers(folder: Path, *sellers: str) -> Path:
    """A run with one buyer and sellers as given, each the lines of its table."""
    folder.mkdir()
    text = SEATS.format(sellers="".join(f"[[sellers]]\n{seat}\n" for seat in sellers))
    (folder / "scenario.toml").write_text(text, encoding="utf-8")
    launched(folder / "run", folder / "scenario.toml")
    return folder / "run"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("other", "alike", "said"),
    [
        ('id = "our-shop"\nstream = "shop"', True, "shop → our-shop, with the same draws"),
        ('id = "our-shop"', False, "shop → our-shop, at the same place, with other draws"),
        ('id = "shop"\nstream = "another"', False, "seller shop: same name, other draws"),
    ],
)
def test_seats_at_one_place_are_pairs_whatever_they_are_called(
    other: str, alike: bool, said: str, tmp_path: Path
) -> None:
    first = of_sellers(tmp_path / "a", 'id = "shop"')
    second = of_sellers(tmp_path / "b", other)
    _, found = compared(first, second)
    assert found.pairs == 8
    assert ({change.test.estimate for change in found.planned} == {0.0}) == alike
    printed = sim("compare", first, second).stdout
    listed = printed.partition("What differs")[2].splitlines()
    assert said in listed[1]
    assert printed.startswith("No difference" if alike else "Not told apart")


def test_names_that_two_seats_swap_are_not_taken_for_one_seller(tmp_path: Path) -> None:
    first = of_sellers(tmp_path / "a", 'id = "x"', 'id = "y"')
    second = of_sellers(tmp_path / "b", 'id = "x"\nstream = "y"', 'id = "y"\nstream = "x"')
    _, found = compared(first, second)
    assert found.pairs == 16
    assert [change.test.estimate for change in found.planned] == [0.0] * len(found.planned)
    for change in found.exploratory:
        if change.of.startswith("seller "):
            assert change.test.method.startswith("clustered difference")


@pytest.mark.slow
def test_seats_of_one_stream_in_one_run_are_told_apart_by_their_ids(tmp_path: Path) -> None:
    sellers = ('id = "x"\nstream = "s"', 'id = "y"\nstream = "s"')
    both = of_sellers(tmp_path / "a", *sellers)
    alone = of_sellers(tmp_path / "b", sellers[0])
    assert compared(both, both)[1].pairs == 16
    _, found = compared(both, alone)
    assert (found.pairs, found.only_first, found.only_second) == (8, 8, 0)
    assert {change.first.value for change in found.planned} == {
        change.second.value for change in found.planned
    }
    assert "seller y: in a/run only, left out" in sim("compare", both, alone).stdout


@pytest.mark.slow
@pytest.mark.parametrize(("products", "noted"), [(5, True), (6, False)])
def test_an_interval_that_excludes_nothing_is_explained(
    products: int, noted: bool, tmp_path: Path
) -> None:
    """Fewer than six products cannot exclude anything; without such an interval nothing is said."""

    def run(name: str, *bought: bool) -> Path:
        some = [
            closed(f"e{n}", opened(product=f"p{n}", category="Books"), *([order()] if yes else []))
            for n, yes in enumerate(bought)
        ]
        return write_run(tmp_path / name, market("m", *some))

    half = [True] * (products - 1)
    first, second = run("a", *half, False), run("b", *half, True)
    found = compare(load(first), load(second))
    grid = [change for change in found.exploratory if change.of == "category Books"]
    assert len(grid) == 1
    assert grid[0].simultaneous is not None
    wide = (grid[0].simultaneous.low, grid[0].simultaneous.high) == (-1.0, 1.0)
    assert wide == noted
    page = " ".join(sim("compare", first, second).stdout.split())
    said = "too few products to exclude any change. In pairs, fewer than 6 never can"
    assert (said in page) == bool(found.notes)
    assert found.notes or not noted


@pytest.mark.slow
def test_where_products_suffice_nothing_is_said_of_too_few(runs: dict[str, Path]) -> None:
    notes = compare(load(runs["a"]), load(runs["cheap"])).notes
    assert notes[0].startswith("Profit is ")
    assert not any("too few" in note for note in notes)
    assert "too few" not in sim("compare", runs["a"], runs["cheap"]).stdout


def _issue(name: str, product: str, end: Event) -> list[Event]:
    raised = IssueRaised(order="o", issue="damaged")
    return episode(name, opened(product=product), order(2, 1_000), raised, end)


def _kept_and_failed(folder: Path, failed: int, kept: int, undecided: int = 0) -> Path:
    """Orders of 20 dollars without an issue, others that fail in support, and undecided ones."""
    parts = [closed(f"k{n}", opened(product=f"k{n}"), order(2, 1_000)) for n in range(kept)]
    for n in range(failed):
        parts.append(_issue(f"f{n}", f"f{n}", EpisodeFailed(stage="post_inquiry", reason="r")))
    for n in range(undecided):
        failure = EpisodeFailed(stage="decision", reason="r")
        parts.append(episode(f"u{n}", opened(product=f"u{n}"), failure))
    return write_run(folder, market("m", *parts))


def test_what_failed_bounds_the_changes(tmp_path: Path) -> None:
    """By letting each order of unknown outcome go back, or not, in plain numbers."""
    first = _kept_and_failed(tmp_path / "a", failed=1, kept=7)
    second = _kept_and_failed(tmp_path / "b", failed=4, kept=6, undecided=2)
    found = compare(load(first), load(second), names=("a", "b"))
    one, two, changes = found.cautions
    assert one.startswith("a: 1 episode failed: 1 after the buyer's decision")
    assert two.startswith("b: 6 episodes failed: 4 after the buyer's decision, 2 before")
    assert changes == (
        "Changes may be no more than what failed: over the whole runs "
        # All 8 of the first decided and bought; of the second 10 to 12 of 12.
        "that of conversion lies between -16.7 and 0.0 pts, "
        # 0 to 1 of 8 went back, and 0 to 4 of 10.
        "that of refund rate lies between -12.5 and +40.0 pts and "
        # 20 dollars each, less nothing or 1 in 8; less nothing or 4 in 10.
        "that of net revenue per episode lies between -$8.00 and +$2.50. "
        "What those would have spent that failed before deciding is in no bound."
    )
    printed = " ".join(sim("compare", first, second).stdout.split())
    said = json.loads(sim("compare", first, second, "--json").stdout)["comparison"]["cautions"]
    assert said == list(found.cautions)
    assert all(line in printed for line in found.cautions)


def test_only_what_is_open_has_bounds(tmp_path: Path, runs: dict[str, Path]) -> None:
    """Nothing is said where nothing failed, and of decisions nothing where all decided."""
    first = _kept_and_failed(tmp_path / "a", failed=0, kept=8)
    second = _kept_and_failed(tmp_path / "b", failed=2, kept=6)
    two, changes = compare(load(first), load(second)).cautions
    assert two.startswith("Second run: ")
    assert "conversion" not in changes and "in no bound" not in changes
    assert "that of refund rate lies between 0.0 and +25.0 pts" in changes
    assert not compare(load(first), load(first)).cautions
    sound = compare(load(runs["a"]), load(runs["cheap"])).cautions
    assert not any("failed" in line for line in sound)
