"""One published buyer log as the events of an episode.

Everything that the log says becomes an event, whatever else is wrong with it; an answer that
cannot be read becomes `OutputRejected` with its JSON text. An episode with such an answer, with
a part missing that its measures need, or whose decision and order contradict each other, ends
in `EpisodeFailed` instead of `EpisodeClosed`: it is counted beside, and in every measure whose part
of it can be read.

A log has dates and no times of day, so events are stamped with whole days since the broadcast;
support and reviews have no date at all and are stamped as the delivery is.
"""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import UNSET, Raw

from retailsim.events.messages import (
    ASPECTS,
    Aspect,
    DecisionMade,
    IssueRaised,
    IssueResolved,
    MessageSent,
    OrderDelivered,
    OrderPlaced,
    RefundIssued,
    ReviewPosted,
)
from retailsim.market.core.failure_reason import legible
from retailsim.market.core.return_policy import DEFAULT_POLICIES
from retailsim.market.core.shipping import ShippingRules, whole_cents
from retailsim.market.protocols.retail.events import TopicsChosen
from retailsim.sim.protocols.retail.published.published_log import LogReading
from retailsim.sim.protocols.retail.published.repeats import contradictions
from retailsim.sim.protocols.retail.published.source import (
    PublishedTurn,
    RawPart,
    SaidDecision,
    SaidOutcome,
    SaidReview,
    SourceOrder,
)

Dialogue = Literal["pre_inquiry", "post_inquiry"]

_TOPICS = {
    "price / discounts": "price/discount",
    "shipping time and cost": "shipping",
    "comparison with other products": "product comparison",
    "product specifications": "product specifications",
}
_ASPECTS: dict[str, Aspect] = {"broadcast": "pitch", **{name: name for name in ASPECTS[1:]}}


class EpisodeImport(LogReading):
    """Turns one log into events, in the order in which they happened."""

    def run(self, without_pitch: str | None) -> None:
        """Read the log into `events`, to the end of the episode.

        Parameters
        ----------
        without_pitch : str or None
            Why there is no pitch, if there is none: the episode fails then.
        """
        if without_pitch is not None:
            self.fail("pitch", without_pitch, without_pitch)
        self._inquiry()
        decision = self._decision()
        order = self._order()
        if decision is not None and not self.failed_at("order"):
            self._compare(decision, order)
        self._support(order)
        self._reviews(order)
        for kind in contradictions(self.log):
            self.note(kind)
        self.end()

    # -- before the purchase ---------------------------------------------------------------

    def _inquiry(self) -> None:
        log = self.log
        reason = self.part(log.topic_selection_reason, str, "topics", "topic_selection_reason")
        topics = self.part(
            log.pre_inquiry_categories, tuple[str, ...], "topics", "pre_inquiry_categories"
        )
        for topic in topics or ():
            if topic not in _TOPICS:
                self.note(f"unknown topic {legible(topic)!r}, kept as it is")
        if topics is not None or reason is not None:
            chosen = tuple(_TOPICS.get(topic, topic) for topic in topics or ())
            self.add(TopicsChosen(topics=chosen, reason=reason or ""), self.buyer)
        self._dialogue(log.pre_purchase_history, "pre_inquiry", "pre_purchase_history")

    def _dialogue(self, raw: RawPart, stage: Dialogue, key: str) -> bool:
        """Add a dialogue; returns whether anything was said in it."""
        said = self.part(raw, tuple[PublishedTurn, ...], stage, key) or ()
        turn, before = 0, "seller"
        for message in said:
            turn += message.role == "buyer"
            if message.role == before:
                self.note(f"{key} in which one side speaks twice in a row, or the seller begins")
            before = message.role
            event = MessageSent(
                stage=stage, role=message.role, turn=max(1, turn), text=message.content
            )
            self.add(event, self.buyer if message.role == "buyer" else self.seller)
        return bool(said)

    def _decision(self) -> SaidDecision | None:
        raw = self.log.purchase_decision
        decision: SaidDecision | None = self.part(
            raw, SaidDecision, "decision", "purchase_decision"
        )
        if decision is not None:
            self.add(DecisionMade(**msgspec.structs.asdict(decision)), self.buyer)
        return decision

    # -- the order -------------------------------------------------------------------------

    def _order(self) -> SourceOrder | None:
        raw = self.log.order
        order: SourceOrder | None = self.part(raw, SourceOrder | None, "order", "order")
        if order is not None:
            self.note_unknown(raw, SourceOrder, "order")
            self._place_order(order)
        return order

    def _place_order(self, order: SourceOrder) -> None:
        list_price = self.setting.product.price_cents
        event = OrderPlaced(
            order=order.order_id,
            product=self.setting.product.id,
            quantity=order.quantity,
            unit_price_cents=whole_cents(100 * order.product_price),
            shipping_cents=ShippingRules().fee_cents(list_price),
        )
        self.advance(order.order_date)
        self.add(event)

    def _compare(self, decision: SaidDecision, order: SourceOrder | None) -> None:
        bought = order.quantity if order is not None else 0
        if bought != decision.quantity:
            reason = f"the decision is to buy {decision.quantity}, the order is for {bought}"
            self.fail("order", reason, "decision and order contradict each other")

    # -- after the purchase ----------------------------------------------------------------

    def _support(self, order: SourceOrder | None) -> None:
        issue = (order.post_inquiry_type or self.setting.issue) if order else ""
        if order is not None:
            self._deliver(order, issue)
        self._dialogue(self.log.post_purchase_history, "post_inquiry", "post_purchase_history")
        raw = self.log.post_cs_outcome
        outcome = self.part(raw, SaidOutcome | None, "settlement", "post_cs_outcome")
        if outcome is not None:
            self.note_unknown(raw, SaidOutcome, "post_cs_outcome")
            self._resolve(order, issue, outcome, raw)
        elif issue and not self.failed_at("settlement"):
            reason = "the order has an issue, and it has no outcome"
            self.fail("settlement", reason, reason)

    def _deliver(self, order: SourceOrder, issue: str) -> None:
        """Deliver, and raise the issue: a delay when it is due, anything else on arrival."""
        delivered = OrderDelivered(order=order.order_id)
        raised = IssueRaised(order=order.order_id, issue=issue)
        if issue == "shipping delay":
            self.advance(order.expected_delivery_date)
            self.add(raised)
        if order.actual_delivery_date is None:
            self.note("order that was not delivered")
        else:
            self.advance(order.actual_delivery_date)
            self.add(delivered)
        if issue and issue != "shipping delay":
            self.add(raised)

    def _resolve(
        self, order: SourceOrder | None, issue: str, outcome: SaidOutcome, raw: RawPart
    ) -> None:
        if order is None:
            reason = f"there is no order, and its outcome is {outcome.outcome}"
            self.reject("settlement", reason, raw, "an outcome without an order")
            return
        event = IssueResolved(
            order=order.order_id,
            outcome=outcome.outcome,
            resolution=outcome.resolution_type,
            reason=outcome.reason,
        )
        self.add(event)
        if outcome.outcome == "refunded":
            self.add(self._refund(order, issue))

    def _refund(self, order: SourceOrder, issue: str) -> RefundIssued:
        """All units at the price paid; the file says nothing of shipping."""
        policy = DEFAULT_POLICIES[self.setting.product.category]
        return RefundIssued(
            order=order.order_id,
            quantity=order.quantity,
            amount_cents=order.quantity * whole_cents(100 * order.product_price),
            shipping_refund_cents=0,
            return_shipping_cents=0,
            return_shipping_payer=policy.return_payer(issue),
        )

    def _reviews(self, order: SourceOrder | None) -> None:
        parts = self.part(self.log.reviews, dict[str, Raw], "review", "reviews")
        if parts is None:
            return
        expected = tuple(_ASPECTS) if order is not None else ("broadcast", "pre_inquiry")
        for key in expected:
            if key not in parts:
                self.note(f"no review of {key}")
        for key, raw in parts.items():
            if key not in _ASPECTS:
                self.note(f"review of {legible(key)!r}, which is no aspect; not imported")
                continue
            if key not in expected:
                self.note(f"review of {key} without an order")
            self._review(_ASPECTS[key], raw)

    def _review(self, aspect: Aspect, raw: Raw) -> None:
        review = self.part(raw, SaidReview, "review", f"reviews.{aspect}")
        if review is None:
            return
        self.note_unknown(raw, SaidReview, f"review of {aspect}")
        if review.review_text is UNSET:
            self.note("review with its text under `review`, taken as it is")
        if aspect == "product" and review.would_recommend is None:
            self.note("product review without would_recommend")
        event = ReviewPosted(
            aspect=aspect,
            rating=review.rating,
            text=review.text,
            would_recommend=review.would_recommend,
        )
        self.add(event, self.buyer)
