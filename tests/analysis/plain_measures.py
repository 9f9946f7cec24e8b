"""The measures a second way: plain Python, from the lines of a log or from rows of episodes.

A row has what the measures read of an episode, under the names of ``docs/export.md``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from retailsim.events.messages import ASPECTS

Row = dict[str, Any]

_SUMMED = (
    *("orders", "units", "units_refunded", "gross_revenue_cents", "refunded_cents"),
    *("net_revenue_cents", "shipping_cents"),
)


def divided(above: int, below: int) -> float | None:
    return above / below if below else None


def plain(rows: Sequence[Row]) -> Row:
    """Every measure of some episodes, none of them superseded, as docs/export.md words it."""
    known = [row for row in rows if row["decided"]]
    failed = [row for row in rows if row["status"] == "failed"]
    lost = [row for row in failed if not row["decided"]]
    buying = [row for row in rows if row["orders"]]
    unsettled = [row for row in buying if row["status"] == "failed" and not row["settled"]]
    total = {name: sum(row[name] for row in rows) for name in _SUMMED}
    stars = {a: sum(row[f"rating_{a}"] or 0 for row in buying) for a in ASPECTS}
    reviews = {a: sum(row[f"reviews_{a}"] for row in buying) for a in ASPECTS}
    says = [row["would_recommend"] for row in buying if row["would_recommend"] is not None]
    return {
        "episodes": sum(row["status"] == "closed" for row in rows),
        "failed": len(failed),
        "open": sum(row["status"] == "open" for row in rows),
        "decided": len(known),
        "undecided": len(lost),
        "unsettled": len(unsettled),
        **{name: total[name] for name in ("orders", "units", "units_refunded")},
        "conversion_rate": divided(len(buying), len(known)),
        "conversion_rate_low": divided(len(buying), len(known) + len(lost)),
        "conversion_rate_high": divided(len(buying) + len(lost), len(known) + len(lost)),
        **_refund_rates(buying, unsettled),
        "average_quantity": divided(total["units"], total["orders"]),
        "average_rating": divided(sum(stars.values()), sum(reviews.values())),
        "ratings": {a: divided(stars[a], reviews[a]) for a in ASPECTS},
        "reviews": sum(reviews.values()),
        "recommend_rate": divided(sum(says), len(says)),
        "sentiments": {
            mood: sum(row["sentiment"] == mood for row in rows)
            for mood in ("Positive", "Neutral", "Negative")
        },
        **{name: total[name] for name in ("gross_revenue_cents", "refunded_cents")},
        "net_revenue_cents": total["net_revenue_cents"],
        "net_revenue_cents_low": total["net_revenue_cents"]
        - sum(row["net_revenue_cents"] for row in unsettled),
        "shipping_cents": total["shipping_cents"],
        **_profit(rows),
    }


def _refund_rates(buying: Sequence[Row], unsettled: Sequence[Row]) -> Row:
    settled = [row for row in buying if row["settled"]]
    sold, back = (sum(row[name] for row in settled) for name in ("units", "units_refunded"))
    perhaps, told = (sum(row[name] for row in unsettled) for name in ("units", "units_refunded"))
    return {
        "refund_rate": divided(back, sold),
        "refund_rate_low": divided(back + told, sold + perhaps),
        "refund_rate_high": divided(back + perhaps, sold + perhaps),
    }


def _profit(rows: Sequence[Row]) -> Row:
    """Of rows that decided; `profit` says what one earned."""
    some = [row for row in rows if row["decided"] and row["profit_cents"] is not None]
    least = [row["profit_cents"] for row in some]
    for n, row in enumerate(some):
        if row["orders"] and row["status"] == "failed" and not row["settled"]:
            lost = row["unit_cost_cents"] * row["units"] + 2 * row["carrier_cents"]
            least[n] = min(least[n], -lost - row["payment_fee_cents"])
    return {
        "profit_cents": sum(row["profit_cents"] for row in some) if some else None,
        "profit_cents_low": sum(least) if some else None,
        "profit_episodes": len(some),
    }


def profit(events: Sequence[Row], *, costs_known: bool) -> int | None:
    """What one episode earned, event by event; None where its product's cost is not known.

    Parameters
    ----------
    costs_known : bool
        Whether the run knows the cost of any product.
    """
    cost: int | None = None
    product: str | None = None
    earned, sold, units, carrier = 0, False, 0, 0
    for event in events:
        kind = event["type"]
        if kind in ("EpisodeOpened", "OrderPlaced"):
            product = event.get("product") or product
            cost = event.get("unit_cost_cents", cost)
        if kind == "OrderPlaced":
            sold, units, paid = True, event["quantity"], event["shipping_cents"]
            carrier = {"carrier_cents": paid, **event}["carrier_cents"]
            earned += units * event["unit_price_cents"] + paid - carrier
            earned -= event.get("payment_fee_cents", 0) + event.get("tax_cents", 0)
            earned -= units * (cost or 0)
        elif kind == "RefundIssued":
            earned -= event["amount_cents"] + event["shipping_refund_cents"]
            earned += event.get("tax_refund_cents", 0) + event.get("salvage_cents", 0)
            if event["return_shipping_payer"] == "seller":
                earned -= event["return_shipping_cents"]
        elif kind == "IssueResolved" and event["outcome"] == "exchanged":
            earned -= units * (cost or 0) + 2 * carrier - event.get("salvage_cents", 0)
    if cost is None and (sold or product is not None or not costs_known):
        return None
    return earned


def rows_of(events: Iterable[Row]) -> list[Row]:
    """A row for each episode that was opened and that no other repeats, from its events alone."""
    said: dict[str, list[Row]] = defaultdict(list)
    for event in events:
        if event["episode"] is not None:
            said[event["episode"]].append(event)
    every = [line for lines in said.values() for line in lines]
    costs_known = any(line.get("unit_cost_cents") is not None for line in every)
    episodes = {name: _row(name, lines, costs_known) for name, lines in said.items()}
    retried = {row["retries"] for row in episodes.values()}
    return [row for name, row in episodes.items() if name not in retried]


def _row(name: str, events: Sequence[Row], costs_known: bool) -> Row:
    def of(kind: str) -> list[Row]:
        return [event for event in events if event["type"] == kind]

    [opened] = of("EpisodeOpened")
    orders, refunds, reviews = of("OrderPlaced"), of("RefundIssued"), of("ReviewPosted")
    decisions, failures, closed = of("DecisionMade"), of("EpisodeFailed"), bool(of("EpisodeClosed"))
    declined = any(not decision["will_purchase"] for decision in decisions)
    refused = any(event["command"] == "PlaceOrder" for event in of("CommandRejected"))
    no_issue = not of("IssueRaised") and any(event["stage"] == "review" for event in failures)
    units, gross = (
        sum(one["quantity"] * (one["unit_price_cents"] if priced else 1) for one in orders)
        for priced in (False, True)
    )
    refunded = sum(one["amount_cents"] for one in refunds)
    recommends = [one["would_recommend"] for one in reviews if one["would_recommend"] is not None]
    stars = {a: [one["rating"] for one in reviews if one["aspect"] == a] for a in ASPECTS}
    return {
        "episode": name,
        **{key: opened.get(key) for key in ("seller", "buyer", "category", "retries")},
        "unit_cost_cents": opened.get("unit_cost_cents"),
        "status": "failed" if failures else "closed" if closed else "open",
        "decided": closed or bool(orders) or declined or refused,
        "profit_cents": profit(events, costs_known=costs_known),
        "carrier_cents": sum(one.get("carrier_cents", one["shipping_cents"]) for one in orders),
        "payment_fee_cents": sum(one.get("payment_fee_cents", 0) for one in orders),
        "settled": bool(orders) and (closed or bool(of("IssueResolved")) or no_issue),
        "orders": len(orders),
        "units": units,
        "units_refunded": sum(one["quantity"] for one in refunds),
        "gross_revenue_cents": gross,
        "refunded_cents": refunded,
        "net_revenue_cents": gross - refunded,
        "shipping_cents": sum(one["shipping_cents"] for one in orders),
        "sentiment": decisions[-1]["sentiment"] if decisions else None,
        "would_recommend": recommends[-1] if recommends else None,
        **{f"rating_{aspect}": sum(some) if some else None for aspect, some in stars.items()},
        **{f"reviews_{aspect}": len(some) for aspect, some in stars.items()},
    }
