"""One episode: a buyer's way from the pitch to the reviews."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from retailsim.events.kernel import Post
from retailsim.events.messages import (
    Aspect,
    CommandRejected,
    DecisionMade,
    IssueRaised,
    MessageSent,
    OrderDelivered,
    Outcome,
    ReviewPosted,
)
from retailsim.market.claims.reader import Claim
from retailsim.market.claims.reading import ClaimReading, ReadText, ReportReading
from retailsim.market.core.durations import DAY_US, DECISION_US, MESSAGE_US, REVIEW_US
from retailsim.market.core.issues import Issue
from retailsim.market.core.market import EpisodeState
from retailsim.market.core.orders import OrderLife
from retailsim.market.core.participants import EpisodeSpec
from retailsim.market.errors import UnexpectedMessage
from retailsim.market.protocols.retail import booking
from retailsim.market.protocols.retail.events import SellerChose, TopicsChosen
from retailsim.market.protocols.retail.fulfilment import MarketContext, draw_order
from retailsim.market.protocols.retail.requests import (
    AnswerBuyer,
    AskSeller,
    Complain,
    Decide,
    EndDialogue,
    GiveSupport,
    LeaveOutReview,
    ProposeSettlement,
    SettleIssue,
    WriteReview,
)
from retailsim.market.protocols.retail.settlement import Refund, SettlementRefused, refund_of
from retailsim.market.protocols.retail.values import (
    Order,
    Pitch,
    Settlement,
    Topics,
    Transcript,
    Turn,
)
from retailsim.market.rules.enforcing import WithholdSentences

Stage = Literal["inquiry", "decision", "support", "settlement", "reviews"]


class Episode(EpisodeState):
    """The state machine of one episode; each public method answers one message of an agent."""

    def __init__(
        self, episode_spec: EpisodeSpec, context: MarketContext, claims: ClaimReading
    ) -> None:
        super().__init__(episode_spec)
        self.unit = context.spec.buyer_unit(episode_spec.buyer)
        self._seller_unit = context.spec.seller_unit(episode_spec.buyer)
        self.pitch: Pitch = Pitch(sections={})
        self._seller = f"seller:{context.spec.seller.id}"
        self._market = context
        self._claims = claims
        self._unread: ReadText | None = None
        self._stage: Stage = "inquiry"
        self._topics = Topics(topics=(), reason="")
        self._inquiry: Transcript = ()
        self._claimed: set[str] = set()
        self._support: Transcript = ()
        self._order: Order | None = None
        self._life: OrderLife | None = None
        self._issue: Issue | None = None
        self._proposed: Settlement | None = None
        self._outcome: Outcome | None = None
        self._aspects: list[Aspect] = []

    def seller_chose(self, _: SellerChose) -> list[Post]:
        """The seller's choice is for the log alone: what it said by it comes next."""
        return []

    def sentences_withheld(self, command: WithholdSentences) -> list[Post]:
        """Some of what the seller wanted to say is against a rule."""
        return [Post(event) for event in command.rejected]

    # -- inquiry ---------------------------------------------------------------------------

    def topics_chosen(self, event: TopicsChosen) -> list[Post]:
        """The buyer has chosen its topics: let it ask."""
        self._topics = Topics(topics=event.topics, reason=event.reason)  # type: ignore[arg-type]
        return [self._ask(1)]

    def message_sent(self, event: MessageSent) -> list[Post]:
        """A turn of a dialogue was spoken: give the other side its turn."""
        turn = Turn(event.role, event.text)
        if event.role == "buyer":  # what a seller says changes nothing of what it may do
            self._market.guard.tell(event)
        if event.stage == "pre_inquiry":
            self._inquiry = (*self._inquiry, turn)
            if event.role == "buyer":
                return [self._answer(event.turn)]
            return self._answered(event)
        self._support = (*self._support, turn)
        if event.role == "buyer":
            return [self._give_support(event.turn)]
        last = event.turn >= self._market.rules.max_turns
        return self._settle() if last else [self._complain(event.turn + 1, MESSAGE_US)]

    def _answered(self, answer: MessageSent) -> list[Post]:
        """Have an answer read, and go on: at once, or when the reader that is asked has told."""
        if self._claims.model is not None:
            self._unread = self._read_text(answer)
            return [self._claims.ask(self._unread, self.unit)]
        claims = self._claims.of(answer.text)
        if not claims:  # as with nearly all answers
            return [self._after_answer(answer.turn)]
        found = self._found(claims, self._read_text(answer))
        return [*found, self._after_answer(answer.turn)]

    def _read_text(self, answer: MessageSent) -> ReadText:
        return ReadText(answer.text, "pre_inquiry", answer.turn, self.id)

    def read(self, report: ReportReading) -> list[Post]:
        """The reader has told what it found in the last answer: go on from there."""
        text, self._unread = self._unread, None
        if text is None:
            raise UnexpectedMessage(type(report).__name__, report.source)
        claims, event = self._claims.told(text, report)
        return [Post(event), *self._found(claims, text), self._after_answer(text.turn or 1)]

    def _found(self, claims: Sequence[Claim], text: ReadText) -> list[Post]:
        """Note what an answer claims beyond the sheet; what was said before counts once."""
        self._claimed.update(claim.sentence for claim in claims)
        return [Post(event) for event in self._claims.events(claims, text)]

    def _after_answer(self, turn: int) -> Post:
        last = turn >= self._market.rules.max_turns
        return self._decide() if last else self._ask(turn + 1)

    def dialogue_ended(self, _: EndDialogue) -> list[Post]:
        """The buyer has nothing more to say: go on to what follows the dialogue."""
        return [self._decide()] if self._stage == "inquiry" else self._settle()

    def _ask(self, turn: int) -> Post:
        request = AskSeller(
            episode=self.id,
            unit=self.unit,
            offer=self._market.offer,
            pitch=self.pitch,
            topics=self._topics,
            transcript=self._inquiry,
            turn=turn,
        )
        return Post(request, self.buyer, MESSAGE_US)

    def _answer(self, turn: int) -> Post:
        market = self._market
        request = AnswerBuyer(
            episode=self.id,
            unit=self._seller_unit,
            offer=market.offer,
            pitch=self.pitch,
            topics=self._topics,
            transcript=self._inquiry,
            turn=turn,
            allowed=market.guard.allowed(self.id),
            offered=market.rules.offered,
        )
        return Post(request, self._seller, MESSAGE_US)

    # -- decision --------------------------------------------------------------------------

    def _decide(self) -> Post:
        self._stage = "decision"
        request = Decide(
            episode=self.id,
            unit=self.unit,
            offer=self._market.offer,
            pitch=self.pitch,
            topics=self._topics,
            transcript=self._inquiry,
        )
        return Post(request, self.buyer, DECISION_US)

    def decided(self, event: DecisionMade) -> list[Post]:
        """The buyer has decided: place the order the market's rules admit, or go on without."""
        if not event.will_purchase:
            return self._without_order([])
        most = self._market.rules.max_quantity
        if not 1 <= event.quantity <= most:
            reason = f"quantity {event.quantity}: an order has 1 to {most} units"
            return self._without_order([self._reject("PlaceOrder", reason)])
        return self._place(event.quantity)

    def _without_order(self, posts: list[Post]) -> list[Post]:
        if self._market.rules.nonbuyer_reviews:
            return posts + self._start_reviews(0)
        self.ended = True
        return posts

    def _place(self, quantity: int) -> list[Post]:
        market, offer = self._market, self._market.offer
        against = market.guard.refuses_order(self.id, offer.price_cents, offer.shipping_cents)
        if against is not None:
            return self._without_order([self._reject("PlaceOrder", against)])
        claimed = self._claimed.union(self.pitch.unsupported)
        order, self._issue = draw_order(
            market, self.episode_spec, quantity, unsupported=len(claimed)
        )
        market.ledger.sell(self.id, quantity, order.unit_price_cents, order.shipping_cents)
        self._order, self._life = order, OrderLife(order.id)
        return self._fulfil(order, self._life)

    def _fulfil(self, order: Order, life: OrderLife) -> list[Post]:
        placed = booking.placed(self._market, self.id, order)
        self._market.guard.tell(placed)
        posts = [Post(placed, None, order.ordered_day * DAY_US)]
        if self._issue is None:
            life.deliver()
            delivered = order.delivered_day * DAY_US
            posts.append(Post(OrderDelivered(episode=self.id, order=order.id), None, delivered))
            return posts + self._start_reviews(delivered + REVIEW_US)
        if order.issue_day >= order.delivered_day:
            posts.append(self._deliver(order.delivered_day * DAY_US))
        life.open_issue()
        raised = IssueRaised(episode=self.id, order=order.id, issue=self._issue)
        due = order.issue_day * DAY_US + MESSAGE_US
        self._stage = "support"
        return [*posts, Post(raised, None, due), self._complain(1, due)]

    def _deliver(self, delay_us: int) -> Post:
        order, life = self._bought()
        life.deliver()
        return Post(OrderDelivered(episode=self.id, order=order.id), None, delay_us)

    # -- support ---------------------------------------------------------------------------

    def _complain(self, turn: int, delay_us: int) -> Post:
        order, _ = self._bought()
        request = Complain(
            episode=self.id,
            unit=self.unit,
            offer=self._market.offer,
            pitch=self.pitch,
            inquiry=self._inquiry,
            order=order,
            issue=self._issue or "",
            transcript=self._support,
            turn=turn,
            proposed=self._proposed,
        )
        return Post(request, self.buyer, delay_us)

    def _give_support(self, turn: int) -> Post:
        order, _ = self._bought()
        request = GiveSupport(
            episode=self.id,
            unit=self._seller_unit,
            offer=self._market.offer,
            pitch=self.pitch,
            inquiry=self._inquiry,
            order=order,
            issue=self._issue or "",
            transcript=self._support,
            turn=turn,
            last_turn=turn >= self._market.rules.max_turns,
            allowed=self._market.guard.allowed(self.id),
            offered=self._market.rules.offered,
        )
        return Post(request, self._seller, MESSAGE_US)

    def settlement_proposed(self, command: ProposeSettlement) -> list[Post]:
        """The seller proposes a settlement: the last one binds when the dialogue is over."""
        self._proposed = command.settlement
        return self._settle() if self._stage == "settlement" else []

    def _settle(self) -> list[Post]:
        order, _ = self._bought()
        if self._proposed is not None:
            return self._resolve(self._proposed)
        self._stage = "settlement"
        request = SettleIssue(
            episode=self.id,
            unit=self._seller_unit,
            offer=self._market.offer,
            order=order,
            issue=self._issue or "",
            transcript=self._support,
            allowed=self._market.guard.allowed(self.id),
            offered=self._market.rules.offered,
        )
        return [Post(request, self._seller, MESSAGE_US)]

    def _resolve(self, settlement: Settlement) -> list[Post]:
        order, life = self._bought()
        posts: list[Post] = []
        policy, carrier = self._market.offer.policy, booking.carrier_cents(self._market)
        try:
            refund = refund_of(settlement, order, self._issue or "", policy, carrier)
        except SettlementRefused as error:
            posts.append(self._reject("ProposeSettlement", str(error)))
            settlement = Settlement(
                outcome="delivered", resolution="refused by the market", reason=str(error)
            )
            refund = None
        life.settle(settlement.outcome)  # before any money moves: it refuses a second time
        self._outcome = settlement.outcome
        return [*posts, *self._resolution(order, settlement, refund)]

    def _resolution(
        self, order: Order, settlement: Settlement, refund: Refund | None
    ) -> list[Post]:
        posts = [Post(booking.resolved(self._market, self.id, order, settlement))]
        arrives = 0
        if refund is not None:
            posts.append(self._refunded(order, refund))
        elif order.issue_day < order.delivered_day:
            # A delayed order is on its way still, and nobody took it back.
            arrives = (order.delivered_day - order.issue_day) * DAY_US
            posts.append(Post(OrderDelivered(episode=self.id, order=order.id), None, arrives))
        return posts + self._start_reviews(arrives + REVIEW_US)

    def _refunded(self, order: Order, refund: Refund) -> Post:
        ledger = self._market.ledger
        ledger.refund(self.id, refund.quantity, refund.amount_cents, refund.shipping_refund_cents)
        ledger.return_shipping(refund.return_shipping_cents, refund.return_shipping_payer)
        return Post(booking.refunded(self._market, self.id, order, refund))

    # -- reviews ---------------------------------------------------------------------------

    def _start_reviews(self, delay_us: int) -> list[Post]:
        self._stage = "reviews"
        self._aspects = ["pitch"]
        if self._inquiry:
            self._aspects.append("pre_inquiry")
        if self._support:
            self._aspects.append("post_inquiry")
        if self._order is not None:
            self._aspects.append("product")
        return [self._review(delay_us)]

    def _review(self, delay_us: int) -> Post:
        request = WriteReview(
            episode=self.id,
            unit=self.unit,
            offer=self._market.offer,
            aspect=self._aspects.pop(0),
            pitch=self.pitch,
            inquiry=self._inquiry,
            order=self._order,
            issue=self._issue,
            support=self._support,
            outcome=self._outcome,
        )
        return Post(request, self.buyer, delay_us)

    def reviewed(self, _: ReviewPosted | LeaveOutReview) -> list[Post]:
        """A review was posted, or left out: ask for the next, or end the episode."""
        if self._aspects:
            return [self._review(MESSAGE_US)]
        self.ended = True
        return []

    # -- common ----------------------------------------------------------------------------

    def _bought(self) -> tuple[Order, OrderLife]:
        if self._order is None or self._life is None:
            raise AssertionError(f"episode {self.id} has no order")  # the stages exclude it
        return self._order, self._life

    def _reject(self, command: str, reason: str) -> Post:
        return Post(CommandRejected(episode=self.id, command=command, reason=reason))
