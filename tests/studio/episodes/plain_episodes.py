"""A list of episodes made the plain way: from the lines of a log, a dictionary an episode."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from retailsim.events.log.reader import read_lines

Row = dict[str, Any]


def plain_rows(run: Path) -> list[Row]:
    """Return what the list has to say of each episode, in the order of their ids."""
    events: defaultdict[str, list[Row]] = defaultdict(list)
    for line in read_lines(run / "events"):
        event = json.loads(line)
        if event.get("episode") and "seq" in event:
            events[event["episode"]].append(event)
    return [_row(name, events[name]) for name in sorted(events)]


def _row(name: str, events: list[Row]) -> Row:
    def all_of(kind: str) -> list[Row]:
        return [event for event in events if event["type"] == kind]

    (opened,) = all_of("EpisodeOpened")
    orders, failed, closed = (
        all_of(kind) for kind in ("OrderPlaced", "EpisodeFailed", "EpisodeClosed")
    )
    said_no = any(not one["will_purchase"] for one in all_of("DecisionMade"))
    known = bool(closed or orders or said_no)
    stars = [one["rating"] for one in all_of("ReviewPosted") if one["rating"] is not None]
    sold = sum(one["quantity"] * one["unit_price_cents"] for one in orders)
    paid_back = sum(one["amount_cents"] for one in all_of("RefundIssued"))
    resolved = all_of("IssueResolved")
    same = ("seller", "buyer", "product", "title", "category", "condition", "price_cents")
    return {
        "episode": name,
        **{key: opened[key] for key in same},
        "bought": bool(orders) if known else None,
        "units": sum(one["quantity"] for one in orders) if known else None,
        "net_revenue_cents": sold - paid_back,
        "stars": sum(stars) / len(stars) if stars else None,
        "outcome": resolved[-1]["outcome"] if resolved else None,
        "turns": sum(one["role"] == "buyer" for one in all_of("MessageSent")),
        "status": "failed" if failed else "closed" if closed else "open",
        "stage": failed[-1]["stage"] if failed else None,
    }


TEXTS = (
    *("episode", "title", "product", "buyer", "seller", "category", "condition"),
    *("outcome", "status", "stage"),
)

SAME = ("seller", "buyer", "product", "category", "condition", "status", "outcome", "stage")


def _meets(row: Row, key: str, value: str) -> bool:
    match key:
        case "bought":
            return row["bought"] is (value == "yes")
        case "min_rating":
            return row["stars"] is not None and row["stars"] >= float(value)
        case "text":
            return any(value.lower() in (row[name] or "").lower() for name in TEXTS)
        case _:
            return key not in SAME or row[key] == value


FIELDS = {"net": "net_revenue_cents", "price": "price_cents"}


def plain_list(rows: list[Row], query: Mapping[str, str]) -> list[Row]:
    """Return the rows that a query asks for, in its order and all of them."""
    left = [row for row in rows if all(_meets(row, key, query[key]) for key in query)]
    sort = query.get("sort", "")
    if not sort:
        return left
    field = FIELDS.get(sort.removeprefix("-"), sort.removeprefix("-"))
    known = [row for row in left if row[field] is not None]
    falling = sort.startswith("-")
    in_order = sorted(known, key=lambda row: row[field], reverse=falling)
    return in_order + [row for row in left if row[field] is None]
