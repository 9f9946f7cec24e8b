"""What a seller can know of an episode, folded from the events of its log.

The buyer's persona, gender and seat stand in the log, too (`EpisodeOpened`). The view takes
nothing of them: a seller is told neither. What is for sale on which terms is an input of the run.
"""

from __future__ import annotations

from collections.abc import Iterable

from retailsim.agents.retail.behavioral.text_features import INSISTENT, holds
from retailsim.agents.retail.policy.actions import ANSWERS, PITCHES, SETTLEMENTS, Decision
from retailsim.events.messages import (
    Event,
    IssueRaised,
    MessageSent,
    OrderDelivered,
    OrderPlaced,
    Outcome,
)
from retailsim.market.core.durations import DAY_US
from retailsim.market.protocols.retail.events import ChoiceStage, SellerChose, TopicsChosen
from retailsim.market.protocols.retail.requests import AnswerBuyer, GiveSupport, PresentPitch
from retailsim.market.protocols.retail.values import Offer, Transcript


class SellerView:
    """One episode as its seller sees it, up to the events told so far.

    Parameters
    ----------
    offer : Offer
        What is for sale.

    Attributes
    ----------
    turn : int
        Of the dialogue that is under way; 0 before any.
    question : str
        The buyer's last message, in lower case.
    topics : tuple of str
        What the buyer asks about; empty until it asks.
    pitch : str or None
        Name of the pitch that was chosen, where a policy chose it.
    answers, proposals : list of str
        Names of the answers and of the settlements that were chosen.
    quantity : int
        Units bought; 0 before.
    issue : str or None
        What is wrong with the order.
    arrived, in_window : bool
        Whether the order had arrived when the issue came up, and whether goods may go back.
    days : int
        From the order to the issue.
    insisted : bool
        Whether the buyer insisted in support.
    """

    def __init__(self, offer: Offer) -> None:
        self.offer = offer
        self.turn = 0
        self.question = ""
        self.topics: tuple[str, ...] = ()
        self.pitch: str | None = None
        self.answers: list[str] = []
        self.proposals: list[str] = []
        self.quantity = 0
        self.issue: str | None = None
        self.arrived = self.in_window = self.insisted = False
        self.days = 0
        self._chosen: tuple[str, ...] = ()
        self._placed_us = 0
        self._delivered_us: int | None = None

    @property
    def last_outcome(self) -> Outcome | None:
        """How the seller last proposed to settle; None before it did."""
        return SETTLEMENTS[self.proposals[-1]] if self.proposals else None

    def chose(self, option: str) -> None:
        """Take what the seller chose."""
        if option in PITCHES:
            self.pitch = option
        elif option in ANSWERS:
            self.answers.append(option)
        elif option in SETTLEMENTS:
            self.proposals.append(option)

    def tell(self, events: Iterable[Event]) -> None:
        """Take further events of the episode or of its market's opening, in order."""
        for event in events:
            match event:
                case SellerChose():
                    self.chose(event.option)
                case TopicsChosen():
                    self._chosen = event.topics
                case MessageSent(role="buyer"):
                    self._heard(event)
                case OrderPlaced():
                    self.quantity, self._placed_us = event.quantity, event.t
                case OrderDelivered() if self.issue is None:
                    self._delivered_us = event.t
                case IssueRaised():
                    self._raised(event)

    def _heard(self, said: MessageSent) -> None:
        self.turn, self.question = said.turn, said.text.lower()
        if said.stage == "pre_inquiry":
            self.topics = self._chosen
        else:
            self.insisted |= holds(INSISTENT, self.question)

    def _raised(self, event: IssueRaised) -> None:
        self.issue = event.issue
        self.days = (event.t - self._placed_us) // DAY_US
        self.arrived = self._delivered_us is not None
        since_us = 0 if self._delivered_us is None else event.t - self._delivered_us
        self.in_window = self.offer.policy.in_window(0, since_us // DAY_US)

    def asked(self, request: Decision) -> None:
        """Take what a seller is told with a request, in its seat: the same as from the log."""
        if isinstance(request, PresentPitch):
            return
        if isinstance(request, AnswerBuyer):
            self.topics = request.topics.topics
            self._told(request.turn, request.transcript)
            return
        order, policy = request.order, request.offer.policy
        self.quantity, self.issue = order.quantity, request.issue
        self.days = order.issue_day - order.ordered_day
        self.arrived = order.issue_day >= order.delivered_day
        self.in_window = policy.in_window(order.delivered_day, order.issue_day)
        turn = request.turn if isinstance(request, GiveSupport) else self.turn
        self._told(turn, request.transcript)
        buyers = (said.text.lower() for said in request.transcript if said.role == "buyer")
        self.insisted |= any(holds(INSISTENT, text) for text in buyers)

    def _told(self, turn: int, transcript: Transcript) -> None:
        said = [one.text for one in transcript if one.role == "buyer"]
        self.turn = turn
        if said:
            self.question = said[-1].lower()


def stage_of(request: Decision) -> ChoiceStage:
    """Return what is decided by an answer to this request."""
    match request:
        case PresentPitch():
            return "pitch"
        case AnswerBuyer():
            return "pre_inquiry"
        case GiveSupport():
            return "post_inquiry"
    return "settlement"
