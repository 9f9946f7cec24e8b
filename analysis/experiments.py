"""The paper's tables, from runs: each row with what was measured beside what was published.

Rates are shares from 0 to 1, money is cents. Whatever the agents are, a row that was published for
other agents (the models of Table 4) is printed on its own, for nobody here played that part.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import msgspec
import polars as pl

from analysis.demand import elasticity, price_demand
from analysis.estimates import Measured, measured
from analysis.outcomes import (
    Arms,
    Finding,
    Outcome,
    Row,
    Value,
    bought_of,
    closed_of,
    only_one,
    published,
    share_of,
    with_holm,
)
from analysis.statistics.differences import sign_flip, two_rates
from analysis.statistics.values import Estimate

SEED = 1


def _table4(label: str, one: Measured | None, figures: Sequence[float | None] | None) -> Row:
    """Sales, conversion, refunds, quantity and rating, measured or published or both."""
    nothing = Estimate(value=None, n=0)
    found = figures or (None,) * 5
    sales = nothing
    if one is not None:
        sales = Estimate(value=float(one.net_revenue_cents), n=one.episodes)
    names = (
        ("net revenue", "cents", sales, 100.0),
        ("bought", "share", one.conversion if one else nothing, 0.01),
        ("refunded", "share", one.refunds if one else nothing, 0.01),
        ("quantity", "number", one.quantity if one else nothing, 1.0),
        ("rating", "number", one.rating if one else nothing, 1.0),
    )
    return Row(
        label=label,
        values=tuple(
            Value(
                name=name,
                unit=unit,
                measured=estimate,
                published=None if figure is None else figure * scale,
            )
            for (name, unit, estimate, scale), figure in zip(names, found, strict=True)
        ),
    )


def pairwise(arms: Arms) -> Outcome:
    """Table 4 and Figure 3: five sellers and five buyers over all products."""
    some, figures = only_one(arms), published()["pairwise"]
    rows = []
    for role in ("seller", "buyer"):
        known = figures[f"{role}s"]
        here = {one.keys[0]: one for one in measured(some, (role,))}
        rows += [_table4(f"{role} {n}", one, known.get(n)) for n, one in here.items()]
        rows += [
            _table4(f"{role} {n} (published)", None, f) for n, f in known.items() if n not in here
        ]
    best = _best_sellers(some)
    return Outcome(
        title="Table 4: who sells and who buys",
        rows=tuple(rows),
        notes=(
            f"Best seller by buyer: {best}. Published: the best seller is not the best with every "
            "buyer, and selling to one's own kind gives no advantage.",
        ),
    )


def _best_sellers(some: pl.DataFrame) -> str:
    sums = some.group_by("buyer", "seller").agg(pl.col("net_revenue_cents").sum())
    best = sums.sort("net_revenue_cents", "seller", descending=[True, False]).unique(
        "buyer", keep="first", maintain_order=True
    )
    return ", ".join(
        f"{b}: {s}" for b, s in best.sort("buyer").select("buyer", "seller").iter_rows()
    )


def demographic(arms: Arms) -> Outcome:
    """Table 2: purchase rates of men and women by whom the item is made for."""
    some, figures = only_one(arms), published()["demographic"]
    rows, findings = [], []
    for audience, (men, women) in figures.items():
        part = some.filter(audience=audience)
        male, female = (part.filter(buyer_gender=g) for g in ("male", "female"))
        rows.append(
            Row(
                label=f"{audience}'s items" if audience != "unisex" else "unisex items",
                values=(
                    Value(name="men", unit="share", measured=share_of(male), published=men / 100),
                    Value(
                        name="women", unit="share", measured=share_of(female), published=women / 100
                    ),
                ),
            )
        )
        findings.append(
            Finding(
                claim=f"men buy more of {audience} items than women",
                test=two_rates(bought_of(male), bought_of(female)),
                published=f"{men - women:+.1f} points"
                + (" (p < 0.05)" if audience != "unisex" else " (not significant)"),
            )
        )
    return Outcome(
        title="Table 2: who buys what is made for whom",
        rows=tuple(rows),
        findings=with_holm(findings),
    )


_OPPOSITES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "buyer_pickiness": ("easygoing", "picky"),
        "buyer_price_consciousness": ("indifferent", "sensitive"),
        "buyer_rationality": ("emotional", "rational"),
        "seller_friendliness": ("friendly", "reserved"),
        "seller_assertiveness": ("assertive", "passive"),
        "seller_rationality": ("emotional", "rational"),
    }
)


def persona_effects(arms: Arms) -> Outcome:
    """Table 8: purchase rate and rating by trait; buyers and sellers are two sets of runs."""
    figures = published()["persona-effects"]
    rows, findings = [], []
    for trait, poles in _OPPOSITES.items():
        role, _, name = trait.partition("_")
        some = closed_of(arms[f"{role}s"])
        parts = [some.filter(pl.col(trait) == pole) for pole in poles]
        for pole, part in zip(poles, parts, strict=True):
            bought, rating = figures[f"{role} {name} {pole}"]
            [one] = measured(part)
            rows.append(
                Row(
                    label=f"{role}: {pole}",
                    values=(
                        Value(
                            name="bought",
                            unit="share",
                            measured=one.conversion,
                            published=bought / 100,
                        ),
                        Value(name="rating", unit="number", measured=one.rating, published=rating),
                    ),
                )
            )
        first, second = (figures[f"{role} {name} {pole}"][0] for pole in poles)
        unsure = " (not significant)" if trait == "seller_rationality" else ""
        findings.append(
            Finding(
                claim=f"{role} {poles[0]} v {poles[1]}",
                test=two_rates(bought_of(parts[0]), bought_of(parts[1])),
                published=f"{first - second:+.1f} points{unsure}",
            )
        )
    return Outcome(title="Table 8: personas", rows=tuple(rows), findings=with_holm(findings))


def guidance(arms: Arms) -> Outcome:
    """Table 5: revenue by the share of strategy dimensions, paired with none of them."""
    figures = published()["guidance"]
    none = closed_of(arms["0.0"])
    rows, findings = [], []
    for share, projection in arms.items():
        some = closed_of(projection)
        [one] = measured(some)
        rows.append(
            Row(
                label=f"{float(share):.0%} of the dimensions",
                values=(
                    Value(name="revenue an episode", unit="cents", measured=one.revenue),
                    Value(
                        name="revenue v none",
                        unit="share",
                        measured=Estimate(value=_ratio(some, none), n=some.height),
                        published=figures[share] / figures["0.0"],
                    ),
                ),
            )
        )
        if share == "0.0":
            continue
        both = none.join(some, on="episode", suffix="_two")
        gained = both["net_revenue_cents_two"] - both["net_revenue_cents"]
        findings.append(
            Finding(
                claim=f"revenue at {float(share):.0%} minus none, cents an episode",
                test=sign_flip(gained, both["cluster"], seed=SEED),
                published=f"{figures[share] / figures['0.0'] - 1.0:+.1%}",
            )
        )
    return Outcome(title="Table 5: guidance", rows=tuple(rows), findings=with_holm(findings))


def _ratio(some: pl.DataFrame, none: pl.DataFrame) -> float | None:
    base = none["net_revenue_cents"].mean()
    here = some["net_revenue_cents"].mean()
    if not isinstance(base, float) or not isinstance(here, float) or base == 0.0:
        return None
    return here / base


def category_fit(arms: Arms) -> Outcome:
    """Table 10: sellers by category."""
    some, figures = only_one(arms), published()["category-fit"]
    rows = [
        _row10(f"{seller}, {category}", one, figures.get(seller, {}).get(category))
        for one in measured(
            some.filter(pl.col("category").is_in(["Fashion", "Home"])), ("seller", "category")
        )
        for seller, category in (one.keys,)
    ]
    rows += [
        _row10(f"{seller}, {category} (published)", None, numbers)
        for seller, categories in figures.items()
        if seller not in set(some["seller"])
        for category, numbers in categories.items()
    ]
    return Outcome(
        title="Table 10: who sells what",
        rows=tuple(rows),
        notes=("Published: the better seller of fashion is not the better one of home goods.",),
    )


def _row10(label: str, one: Measured | None, figures: Sequence[float] | None) -> Row:
    whole = _table4(label, one, (*figures, None, None) if figures else None)
    return msgspec.structs.replace(whole, values=whole.values[:3])


TABLES: Mapping[str, Callable[[Arms], Outcome]] = MappingProxyType(
    {
        "pairwise": pairwise,
        "demographic": demographic,
        "price-demand": price_demand,
        "elasticity": elasticity,
        "persona-effects": persona_effects,
        "guidance": guidance,
        "category-fit": category_fit,
    }
)
"""Experiment -> its table, from the runs of its arms."""
