"""Runs as a study makes them: many seats of people, each with a few markets of its own.

Who sits there answers like a behavioral buyer whose parameters are known: its episodes are played
ahead, with such a buyer in the seat, and what it did there is filled in at the desk. So the truth
that a comparison or a fit has to find is known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import tomli_w

from retailsim.agents.person.desk import Question
from retailsim.events.messages import (
    DecisionMade,
    Event,
    MessageSent,
    ReviewPosted,
)
from retailsim.market.protocols.logged_events import event_decoder
from retailsim.market.protocols.registry import find_protocol
from retailsim.market.protocols.retail.events import TopicsChosen
from retailsim.sim.execution.runner import RunOutcome
from tests.people.played import Attended, play
from tests.sim.runs import event_lines, launched

Seats = Mapping[str, Sequence[str]]


def names(people: int) -> list[str]:
    """The seats of a study."""
    return [f"p{number:03}" for number in range(1, people + 1)]


def study_text(people: int, *, seed: int = 3, buyer: str = "person", extra: str = "") -> str:
    """A scenario with so many buyer seats; each meets one shop over four products."""
    agent = f'agent = "{buyer}"' if buyer == "person" else ""
    seats = "".join(f'[[buyers]]\nid = "{name}"\n{agent}\n' for name in names(people))
    return (
        f"[run]\nseed = {seed}\n[products]\nper_category = 1\n"
        f'[design]\nbroadcast = "episode"\n{extra}\n[[sellers]]\nid = "shop"\n{seats}'
    )


class Truth:
    """Behavioral buyers with parameters of their own, who answer at a desk.

    Parameters
    ----------
    folder : Path
        Where they are played ahead.
    text : str
        The scenario with behavioral buyers in the seats.
    parameters : mapping
        Of theirs, as a parameters file has them, over the set ``paper``.
    """

    def __init__(self, folder: Path, text: str, parameters: Mapping[str, Any]) -> None:
        folder.mkdir(exist_ok=True)
        (folder / "truth.toml").write_text(tomli_w.dumps(parameters))
        path = folder / "truth-scenario.toml"
        path.write_text(f'{text}\n[behavioral]\nparameters = "truth.toml"\n')
        launched(folder / "truth", path)
        decode = event_decoder(find_protocol("retail")).decode
        self.events: dict[str, list[Event]] = {}
        for line in event_lines(folder / "truth"):
            event = decode(line)
            if event.episode is not None:
                self.events.setdefault(event.episode, []).append(event)

    def __call__(self, question: Question) -> Mapping[str, Any] | None:
        """Fill in what the buyer did."""
        done = self.events[str(question.episode)]
        match question.request:
            case "ChooseTopics":
                return {"topics": list(_one(done, TopicsChosen).topics)}
            case "AskSeller":
                return self._talk(question, done, "pre_inquiry")
            case "Complain":
                return self._talk(question, done, "post_inquiry")
            case "Decide":
                made = _one(done, DecisionMade)
                quantity = {"quantity": made.quantity} if made.will_purchase else {}
                return {"buy": made.will_purchase, "sentiment": made.sentiment, **quantity}
            case _:
                reviews = [one for one in done if isinstance(one, ReviewPosted)]
                own = next(
                    one for one in reviews if f"Review {_ABOUT[one.aspect]}." == question.asks
                )
                recommend = (
                    {"recommend": own.would_recommend} if own.would_recommend is not None else {}
                )
                return {"rating": own.rating, "text": own.text, **recommend}

    def _talk(self, question: Question, done: Sequence[Event], stage: str) -> Mapping[str, Any]:
        said = [
            one.text
            for one in done
            if isinstance(one, MessageSent) and (one.stage, one.role) == (stage, "buyer")
        ]
        heard = sum(one.stage == stage and one.role == "buyer" for one in question.seen.said)
        if heard >= len(said):
            return {"end": True}
        return {"end": False, "text": said[heard]}


_ABOUT = {
    "pitch": "the seller's presentation",
    "pre_inquiry": "the answers before the purchase",
    "post_inquiry": "the help after the purchase",
    "product": "the product",
}


def _one(events: Sequence[Event], kind: type[Any]) -> Any:
    return next(event for event in events if isinstance(event, kind))


def study(
    folder: Path,
    people: int,
    parameters: Mapping[str, Any],
    *,
    seed: int = 3,
    extra: str = "",
    most: int | None = None,
) -> tuple[Path, RunOutcome]:
    """Play a study; `most` questions are answered and then the session ends."""
    text = study_text(people, seed=seed, buyer="behavioral", extra=extra)
    truth = Truth(folder / "ahead", text, parameters)
    outcome = play(folder, study_text(people, seed=seed, extra=extra), Attended(truth, most=most))
    return folder / "run", outcome
