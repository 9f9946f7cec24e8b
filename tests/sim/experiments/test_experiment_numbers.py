"""The numbers of experiments' tables again, by plain counting of log lines."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import pytest
from scipy.stats import t as student

from tests.sim.runs import sim

Episode = dict[str, Any]


def ran(name: str, out: Path, *settings: str) -> dict[str, Any]:
    words = [word for setting in settings for word in ("--set", setting)]
    result = sim("experiment", name, "--out", out, "--json", *words)
    assert result.exit_code == 0, result.stderr
    outcome: dict[str, Any] = json.loads(result.stdout)["outcome"]
    return outcome


def counted(run: Path) -> list[Episode]:
    """Closed episodes of a log."""
    found: dict[str, Episode] = defaultdict(
        lambda: {"orders": 0, "units": 0, "back": 0, "net": 0, "stars": 0, "reviews": 0}
    )
    for path in sorted((run / "events").glob("*.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            event = json.loads(line)
            if not event.get("episode"):
                continue
            one = found[event["episode"]]
            match event["type"]:
                case "EpisodeOpened":
                    one.update({**event, **one})
                case "EpisodeClosed":
                    one["closed"] = True
                case "OrderPlaced":
                    one["orders"] += 1
                    one["units"] += event["quantity"]
                    one["net"] += event["quantity"] * event["unit_price_cents"]
                case "RefundIssued":
                    one["back"] += event["quantity"]
                    one["net"] -= event["amount_cents"]
                case "ReviewPosted":
                    one["stars"] += event["rating"]
                    one["reviews"] += 1
    closed = [{**one, "episode": key} for key, one in found.items() if one.get("closed")]
    assert closed
    return closed


def bought(some: list[Episode]) -> float:
    return sum(bool(one["orders"]) for one in some) / len(some)


def measured(outcome: dict[str, Any], row: str, name: str) -> dict[str, Any]:
    [values] = [one["values"] for one in outcome["rows"] if one["label"] == row]
    [found] = [value["measured"] for value in values if value["name"] == name]
    return dict(found)


def found(outcome: dict[str, Any], claim: str) -> dict[str, Any]:
    [test] = [one["test"] for one in outcome["findings"] if one["claim"] == claim]
    return dict(test)


@pytest.mark.slow
def test_table_4_and_figure_3(tmp_path: Path) -> None:
    outcome = ran("pairwise", tmp_path / "x", "products.per_category=3")
    some = counted(tmp_path / "x" / "all")
    for role in ("seller", "buyer"):
        for seat in {one[role] for one in some}:
            mine = [one for one in some if one[role] == seat]
            buying = [one for one in mine if one["orders"]]
            label = f"{role} {seat}"
            for name, number, n in (
                ("net revenue", sum(one["net"] for one in mine), len(mine)),
                ("bought", bought(mine), len(mine)),
                (
                    "refunded",
                    sum(one["back"] for one in buying) / sum(one["units"] for one in buying),
                    sum(one["units"] for one in buying),
                ),
                ("quantity", sum(one["units"] for one in buying) / len(buying), len(buying)),
                (
                    "rating",
                    sum(one["stars"] for one in buying) / sum(one["reviews"] for one in buying),
                    sum(one["reviews"] for one in buying),
                ),
            ):
                value = measured(outcome, label, name)
                assert value["value"] == pytest.approx(number), (label, name)
                assert value["n"] == n
                between = value["interval"]
                assert between or value["note"]
                assert not between or between["low"] < number < between["high"]
    cells: dict[tuple[str, str], int] = defaultdict(int)
    for one in some:
        cells[one["seller"], one["buyer"]] += one["net"]
    for (seller, buyer), net in cells.items():
        value = measured(outcome, f"{seller}, v the mean pair", f"to {buyer}")
        assert value["value"] == pytest.approx(net - fmean(cells.values()))
        assert value["n"] == 12


@pytest.mark.slow
def test_the_interval_of_a_pair_is_of_what_it_earns_above_the_mean_pair_by_product(
    tmp_path: Path,
) -> None:
    outcome = ran("pairwise", tmp_path / "x", "products.per_category=2")
    some = counted(tmp_path / "x" / "all")
    seller, buyer = some[0]["seller"], some[0]["buyer"]
    gaps = []
    for product in {one["product"] for one in some}:
        here = [one for one in some if one["product"] == product]
        mine = sum(o["net"] for o in here if (o["seller"], o["buyer"]) == (seller, buyer))
        gaps.append(mine - sum(one["net"] for one in here) / 25)
    half = float(student.ppf(0.975, 7)) * stdev(gaps) * math.sqrt(8)
    interval = measured(outcome, f"{seller}, v the mean pair", f"to {buyer}")["interval"]
    assert interval["low"] == pytest.approx(sum(gaps) - half)
    assert interval["high"] == pytest.approx(sum(gaps) + half)


@pytest.mark.slow
def test_table_10(tmp_path: Path) -> None:
    outcome = ran("category-fit", tmp_path / "x", "products.per_category=3")
    some = counted(tmp_path / "x" / "all")
    for seller in {one["seller"] for one in some}:
        for category in ("Fashion", "Home"):
            mine = [o for o in some if (o["seller"], o["category"]) == (seller, category)]
            row = f"{seller}, {category}"
            assert measured(outcome, row, "bought")["value"] == pytest.approx(bought(mine))
            net = measured(outcome, row, "net revenue")["value"]
            assert net == pytest.approx(sum(one["net"] for one in mine))


@pytest.mark.slow
def test_tables_2_and_3(tmp_path: Path) -> None:
    outcome = ran("demographic", tmp_path / "d", "design.replications=2")
    some = counted(tmp_path / "d" / "all")
    for audience, row in (("men", "men's"), ("women", "women's"), ("unisex", "unisex")):
        rates = []
        for gender, name in (("male", "men"), ("female", "women")):
            key = (audience, gender)
            mine = [o for o in some if (o["audience"], o["buyer_gender"]) == key]
            rates.append(bought(mine))
            value = measured(outcome, f"{row} items", name)
            assert (value["value"], value["n"]) == (pytest.approx(rates[-1]), len(mine))
        test = found(outcome, f"men minus women, {row} items")
        assert test["estimate"] == pytest.approx(rates[0] - rates[1])
    outcome = ran("price-demand", tmp_path / "p", "design.replications=2")
    some = counted(tmp_path / "p" / "all")
    shares = {}
    for row, price in (("-10%", 0.9), ("-5%", 0.95), ("+0%", 1.0), ("+5%", 1.05), ("+10%", 1.1)):
        shares[price] = bought([one for one in some if one["price_multiplier"] == price])
        assert measured(outcome, row, "bought")["value"] == pytest.approx(shares[price])
    assert found(outcome, "elasticity, everything pooled (log-log)")["estimate"] == pytest.approx(
        slope({math.log(price): math.log(share) for price, share in shares.items()})
    )


def slope(points: dict[float, float]) -> float:
    x, y = fmean(points), fmean(points.values())
    return sum((a - x) * (b - y) for a, b in points.items()) / sum((a - x) ** 2 for a in points)


@pytest.mark.slow
def test_elasticities_and_what_the_rule_drops(tmp_path: Path) -> None:
    outcome = ran("elasticity", tmp_path / "x", "design.replications=1", "products.per_category=4")
    some = counted(tmp_path / "x" / "all")
    kept: list[tuple[float, ...]] = []
    for product in sorted({one["product"] for one in some}):
        slopes = []
        for group in ("sensitive", "indifferent"):
            mine = [
                one
                for one in some
                if one["product"] == product
                and one["buyer_persona"]["price_consciousness"] == group
            ]
            points = {}
            for price in {one["price_multiplier"] for one in mine}:
                share = bought([one for one in mine if one["price_multiplier"] == price])
                if share:
                    points[math.log(price)] = math.log(share)
            slopes.append(slope(points) if len(points) > 1 else None)
            assert measured(outcome, product, f"{group} (binomial)")["n"] == len(mine)
        both = [one for one in slopes if one is not None]
        for group, one in zip(("sensitive", "indifferent"), slopes, strict=True):
            value = measured(outcome, product, f"{group} (log-log)")
            if len(both) == 2:
                assert value["value"] == pytest.approx(one, abs=1e-9)
            else:
                assert value["value"] is None
                assert "dropped" in value["note"]
                assert f"{product}: " in outcome["notes"][0]
        if len(both) == 2:
            kept.append(tuple(map(abs, both)))
    assert len(kept) > 0
    test = found(outcome, "the paper's rule: their mean |elasticity| is larger, one-tailed")
    assert test["n"] == len(kept)
    assert test["estimate"] == pytest.approx(fmean(a - b for a, b in kept))


@pytest.mark.slow
def test_table_8(tmp_path: Path) -> None:
    outcome = ran("persona-effects", tmp_path / "x", "products.per_category=2")
    for role, trait, poles in (
        ("buyer", "pickiness", ("easygoing", "picky")),
        ("buyer", "rationality", ("emotional", "rational")),
        ("seller", "assertiveness", ("assertive", "passive")),
        ("seller", "rationality", ("emotional", "rational")),
    ):
        some = counted(tmp_path / "x" / f"{role}s")
        rates = []
        for pole in poles:
            mine = [one for one in some if one[f"{role}_persona"][trait] == pole]
            rates.append(bought(mine))
            assert measured(outcome, f"{role}: {pole}", "bought")["value"] == pytest.approx(
                rates[-1]
            )
        test = found(outcome, f"{role}: {poles[0]} minus {poles[1]}, bought")
        assert test["estimate"] == pytest.approx(rates[0] - rates[1])
        one, two = (stars([o for o in some if o[f"{role}_persona"][trait] == p]) for p in poles)
        above = sum((a > b) - (a < b) for a in one for b in two)
        test = found(outcome, f"{role}: {poles[0]} v {poles[1]}, rated (Cliff's delta, -1 to 1)")
        assert test["estimate"] == pytest.approx(above / (len(one) * len(two)))
        assert test["n"] == len(one) + len(two)


def stars(some: list[Episode]) -> list[float]:
    """Mean rating by product of those who bought."""
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for one in some:
        if one["orders"]:
            sums[one["product"]][0] += one["stars"]
            sums[one["product"]][1] += one["reviews"]
    return [total / count for total, count in sums.values() if count]


@pytest.mark.slow
def test_table_5(tmp_path: Path) -> None:
    outcome = ran("guidance", tmp_path / "x", "products.per_category=5")
    runs = {share: counted(tmp_path / "x" / share) for share in ("0.0", "0.5", "1.0")}
    nets: dict[str, Callable[[str], float]] = {
        share: {one["episode"]: one["net"] for one in some}.__getitem__
        for share, some in runs.items()
    }
    for share, row in (("0.5", "50%"), ("1.0", "100%")):
        here = [one["net"] for one in runs[share]]
        base = [one["net"] for one in runs["0.0"]]
        label = f"{row} of the dimensions"
        assert measured(outcome, label, "revenue an episode")["value"] == pytest.approx(fmean(here))
        ratio = measured(outcome, label, "revenue v none")
        assert ratio["value"] == pytest.approx(sum(here) / sum(base))
        assert ratio["interval"]["low"] <= ratio["value"] <= ratio["interval"]["high"]
        moved = [nets[share](one["episode"]) - one["net"] for one in runs["0.0"]]
        test = found(outcome, f"revenue an episode at {row} minus none, paired")
        assert test["estimate"] == pytest.approx(fmean(moved))
