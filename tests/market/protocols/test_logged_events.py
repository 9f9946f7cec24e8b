"""A protocol says which events its log holds; each has a tag that no other has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from retailsim.events.messages import DecisionMade, Event, LoggedEvent, MarketOpened
from retailsim.market.core.event_tags import tag_of, tag_problem
from retailsim.market.errors import BadProtocol
from retailsim.market.protocols.logged_events import event_decoder, logged_events
from retailsim.market.protocols.registry import BUILT_IN, find_protocol, rules_of
from tests.protocols.sealed_bid import PROTOCOL, BidPlaced, BidTaken
from tests.sim.runs import SMALL, event_lines, launched


class Bid(Event, tag="Bid", kw_only=True):
    cents: int


class OtherBid(Event, tag="Bid", kw_only=True):
    pass


class Ordered(Event, tag="OrderPlaced", kw_only=True):
    pass


class Called(Event, tag="ModelCalled", kw_only=True):
    pass


class Untagged(Event, kw_only=True):
    pass


@pytest.mark.parametrize(
    ("events", "said"),
    [
        ((Bid, OtherBid), "its event OtherBid has the tag 'Bid', which its event Bid already has"),
        ((Bid, Bid), "its event Bid has the tag 'Bid', which its event Bid already has"),
        ((Ordered,), "the tag 'OrderPlaced', which the log of every protocol already has"),
        ((Called,), "the tag 'ModelCalled', which the log of every protocol already has"),
        ((DecisionMade,), "the tag 'DecisionMade', which the log of every protocol already has"),
        ((Untagged,), "its event Untagged has no tag; write class Untagged(Event, tag=...)"),
        ((3,), "3 in its events is not a class derived from Event"),
        ((msgspec.Struct,), "is not a class derived from Event"),
    ],
)
def test_events_that_cannot_be_told_apart_are_named(events: tuple[Any, ...], said: str) -> None:
    assert said in str(tag_problem(events))


@pytest.mark.parametrize("name", BUILT_IN)
def test_what_is_built_in_is_told_apart(name: str) -> None:
    events = rules_of(find_protocol(name)).events
    assert events and tag_problem(events) is None


CLASHING = """
from retailsim.events.messages import Event
from retailsim.market.core.protocol import MarketRules
from retailsim.market.core.spec import MarketSpec
from retailsim.market.protocols.registry import Protocol


class Ordered(Event, tag="OrderPlaced", kw_only=True):
    pass


RULES = MarketRules(spec=MarketSpec, open=print, admissions={}, events=(Ordered,))
VALUE = Protocol(name="mine", market=RULES, agents=None, run=None)
PLACE = Protocol(name="mine", market="clashing_rules:RULES", agents=None, run=None)
NOWHERE = Protocol(name="mine", market="no_such_rules:RULES", agents=None, run=None)
"""


@pytest.mark.parametrize(
    ("attribute", "said"),
    [
        ("VALUE", "its event Ordered has the tag 'OrderPlaced'"),
        ("PLACE", "its event Ordered has the tag 'OrderPlaced'"),
        ("NOWHERE", "its market 'no_such_rules:RULES': No module named 'no_such_rules'"),
    ],
)
def test_a_protocol_with_a_tag_that_is_taken_is_refused_where_it_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, attribute: str, said: str
) -> None:
    (tmp_path / "clashing_rules.py").write_text(CLASHING)
    monkeypatch.syspath_prepend(tmp_path)
    name = f"clashing_rules:{attribute}"
    with pytest.raises(BadProtocol) as caught:
        find_protocol(name, tmp_path)
    assert str(caught.value).startswith(f"protocol {name!r}: ")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_log_holds_what_all_protocols_have_and_the_protocols_own() -> None:
    events = logged_events(PROTOCOL)
    assert events[-2:] == (BidPlaced, BidTaken)
    assert set(events[:-2]) == set(LoggedEvent.__args__)
    assert len({tag_of(event) for event in events}) == len(events)


def test_lines_are_read_back_as_the_events_they_were() -> None:
    decoder = event_decoder(PROTOCOL)
    for event in (BidPlaced(market="m", bidder="a", price_cents=3), MarketOpened(market="m")):
        assert decoder.decode(msgspec.json.encode(event)) == event
    with pytest.raises(msgspec.ValidationError):
        decoder.decode(msgspec.json.encode(Bid(cents=3)))


@pytest.mark.slow
@pytest.mark.parametrize(("name", "protocol"), [("pairwise", "retail"), ("csales", "csales")])
def test_every_event_line_of_a_run_is_read_back_and_written_alike(
    tmp_path: Path, name: str, protocol: str
) -> None:
    launched(tmp_path / "run", name, *(SMALL if name == "pairwise" else ()))
    decoder = event_decoder(find_protocol(protocol))
    lines = event_lines(tmp_path / "run")
    assert lines
    for line in lines:
        assert msgspec.json.encode(decoder.decode(line)) == line.rstrip(b"\n")
