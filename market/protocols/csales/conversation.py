"""One conversation: the state machine between a seller, a buyer and the catalogue.

A turn is one message of the buyer and the seller's answer to it. What an agent commands beside
its message is kept until the message is there, and then judged: what the rules forbid is a
`CommandRejected` and changes nothing.

Over 400 lines: one state machine, whose steps share their state; prices, rules of items and what
may be said stand in modules of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

from msgspec import UNSET

from retailsim.events.kernel import Post
from retailsim.events.messages import CommandRejected, Event, MessageSent, OrderPlaced
from retailsim.market.catalogue.product import Product
from retailsim.market.claims.reader import Claim
from retailsim.market.claims.reading import ClaimReading, ReadText, ReportReading
from retailsim.market.claims.rules import NOBODY
from retailsim.market.core.dialogue import Transcript, Turn
from retailsim.market.core.durations import MESSAGE_US
from retailsim.market.core.market import EpisodeState
from retailsim.market.errors import UnexpectedMessage
from retailsim.market.protocols.csales.category_tree import CategoryPath
from retailsim.market.protocols.csales.claims import discussed
from retailsim.market.protocols.csales.events import (
    ACTIONS,
    Action,
    ActionChosen,
    BuyerLeft,
    CategorySearched,
    ItemRule,
    ItemSelected,
    ItemsShown,
    ItemValued,
    ProfileInferred,
    ShippingNamed,
    Showing,
)
from retailsim.market.protocols.csales.item_rules import by_rule
from retailsim.market.protocols.csales.market_words import price_lowered, shipping_named, without
from retailsim.market.protocols.csales.price_tags import PriceTags
from retailsim.market.protocols.csales.requests import (
    BuyItem,
    LeaveConversation,
    OpenConversation,
    PlanCategory,
    PlanTurn,
    RespondToSeller,
    SelectItem,
    ShowItems,
    SpeakTurn,
    StateReservationPrices,
)
from retailsim.market.protocols.csales.rule_guard import guard_of
from retailsim.market.protocols.csales.sheets import apart, for_buyer
from retailsim.market.protocols.csales.spec import ConversationSpec, SalesRules
from retailsim.market.protocols.csales.values import PERSUASION, Inferred, inferred_by
from retailsim.market.rules.enforcing import WithholdSentences


class Conversation(EpisodeState):
    """Each public method answers one message of an agent."""

    def __init__(self, spec: ConversationSpec, rules: SalesRules) -> None:
        super().__init__(spec.episodes[0])
        self._spec = spec
        self._rules = rules
        self._shop = rules.catalogue
        self._seller = f"seller:{spec.seller.id}"
        told = spec.seller.id in rules.told_style
        self._told_style = spec.profile.decision_making_style if told else None
        self._turn = 1
        self._transcript: Transcript = ()
        self._inferred = Inferred()
        self._wanted: CategoryPath = ()
        self._categories: tuple[CategoryPath, ...] = rules.catalogue.below(())
        self._action: ActionChosen | None = None
        self._offered: tuple[Product, ...] = ()
        self._to_show: tuple[str, ...] = ()
        self._shown: dict[str, Product] = {}
        self._presented: tuple[Product, ...] = ()
        self._tags = PriceTags(rules.shipping)
        self._selected: Product | None = None
        self._candidate: Product | None = None
        self._made_case = False
        self._reservations: dict[str, int] = {}
        self._added: tuple[str, ...] = ()
        self._unread: tuple[ClaimReading, ReadText] | None = None
        self._pending: SelectItem | BuyItem | LeaveConversation | None = None
        self._guard = guard_of(rules, self._shown)

    def tell(self, event: Event) -> None:
        """Let the rules that are enforced know what happened."""
        self._guard.tell(event)

    def opening(self) -> Post:
        """Ask the buyer to begin."""
        request = OpenConversation(
            episode=self.id,
            unit=self._spec.buyer_unit,
            profile=self._spec.profile,
            transcript=(),
            turn=1,
        )
        return Post(request, self.buyer, 0, 1)

    def message_sent(self, event: MessageSent) -> list[Post]:
        """Somebody spoke: do what was commanded with it, and give the other side its turn."""
        self._transcript = (*self._transcript, Turn(event.role, event.text))
        self.tell(event)
        return self._buyer_spoke() if event.role == "buyer" else self._seller_spoke(event)

    # -- the seller ------------------------------------------------------------------------

    def _plan(self) -> Post:
        seen = bool(self._shown)
        actions: tuple[Action, ...] = (PERSUASION,)
        if self._selected is None:
            actions = tuple(action for action in ACTIONS if seen or action != PERSUASION)
        table = self._rules.actions
        legal = table.legal(actions, discounts=bool(self._selected) and not self._tags.lowered)
        options = self._guard.allowed(legal, table, self._turn)
        if options != legal:
            actions = tuple(dict.fromkeys(option.action for option in options))
        request = PlanTurn(**self._known(), actions=actions, options=options, table=table)
        return Post(request, self._seller, MESSAGE_US)

    def profile_inferred(self, event: ProfileInferred) -> list[Post]:
        """The seller's picture of the buyer; it goes with its further requests."""
        self._inferred = inferred_by(event)
        return []

    def category_planned(self, command: PlanCategory) -> list[Post]:
        """The seller names a path to look at; it counts if a category search is chosen."""
        self._wanted = command.path
        return []

    def action_chosen(self, event: ActionChosen) -> list[Post]:
        """Look up what the action needs, and let the seller speak."""
        self._action = event
        self._to_show = self._added = ()
        self.tell(event)
        posts = [*self._lower(event.discount or 0), *self._look_up(event)]
        everything = (*self._shown.values(), *self._offered)
        by_rule = self._guard.fee_to_name(self._offered)
        named = everything if event.disclosure == "fee" else by_rule
        request = SpeakTurn(
            **self._known(),
            action=event.action,
            tactic=event.strategy,
            items=self._offered,
            discount=event.discount or 0,
            fees_cents=self._tags.fees_cents(named),
            speech=self._guard.speech(self._turn),
        )
        return [*posts, Post(request, self._seller)]

    def _lower(self, percent: int) -> list[Post]:
        """Take something off the price of the item selected, from now on."""
        before = self._selected
        if not percent or before is None:
            return []
        now, event = self._tags.lower(before, percent, episode=self.id, turn=self._turn)
        self._selected = self._shown[now.id] = now
        self._added = (price_lowered(now, percent),)
        self.tell(event)
        return [Post(event), *self._valued(now)]

    def shipping_named(self, event: ShippingNamed) -> list[Post]:
        """The buyer was told what shipping costs."""
        self._tags.fee_named = True
        items = [self._rules.catalogue.product(one) for one in event.products]
        fees = dict(zip(event.products, event.fees_cents, strict=True))
        self._added = (*self._added, shipping_named(items, fees))
        self.tell(event)
        return []

    def sentences_withheld(self, command: WithholdSentences) -> list[Post]:
        """Some of what the seller wanted to say is against a rule."""
        return [Post(event) for event in command.rejected]

    def _look_up(self, event: ActionChosen) -> list[Post]:
        self._offered = ()
        match event.action:
            case "Category Search":
                return [Post(self._search())]
            case "Suggestion":
                self._offered = self._suggestion(event.items or "nearest")
            case "Persuasion" if self._candidate is not None:
                self._offered = (self._candidate,)
        return []

    def _search(self) -> CategorySearched:
        asked, self._wanted = self._wanted, ()
        found = self._shop.cut(asked)
        self._categories = self._shop.below(found)
        return CategorySearched(
            episode=self.id,
            turn=self._turn,
            asked=asked,
            found=found,
            options=self._categories,
        )

    def _suggestion(self, rule: ItemRule) -> tuple[Product, ...]:
        path = self._shop.cut(self._inferred.category)
        most = self._spec.profile.budget_cents[1]
        ranked = self._shop.suggest(self._inferred.preference, path, most, self._rules.nearest)
        if rule != "nearest":  # what a rule chooses by price is new to the buyer
            among, count = self._rules.actions.among, self._rules.shown
            new = [product for product in ranked if product.id not in self._shown]
            ranked = by_rule(rule, new, most, among=among, count=count)
        return tuple(map(apart, ranked))

    def items_to_show(self, command: ShowItems) -> list[Post]:
        """The seller wants to show items with what it says next."""
        self._to_show = command.products
        return []

    def _seller_spoke(self, event: MessageSent) -> list[Post]:
        posts = self._show() if self._to_show else []
        own = without(event.text, self._added)
        reading, said = self._reading(), ReadText(own, "sales", event.turn, self.id)
        if reading is None:
            return [*posts, self._respond()]
        if reading.model is None:
            return [*posts, *self._checked(reading, said, reading.of(own))]
        self._unread = reading, said
        return [*posts, reading.ask(said, self._spec.seller_unit)]

    def _reading(self) -> ClaimReading | None:
        """Return what the last message is read against; None where it is about no item."""
        now = [*self._presented, *filter(None, (self._selected,))]
        if self._candidate is not None and self._action and self._action.action == PERSUASION:
            now.append(self._candidate)
        about = {item.id: item for item in now} or self._shown
        if not about or self._rules.claims.reader == NOBODY:
            return None
        sheet = discussed(tuple(about.values()), self._spec, self._rules, self._tags)
        product = next(iter(about)) if len(about) == 1 else None
        return ClaimReading(sheet, self._spec.seller.id, product, self._rules.claims)

    def read(self, report: ReportReading) -> list[Post]:
        """The reader has told what it found in the seller's message: go on from there."""
        unread, self._unread = self._unread, None
        if unread is None:
            raise UnexpectedMessage(type(report).__name__, report.source)
        claims, event = unread[0].told(unread[1], report)
        return [Post(event), *self._checked(*unread, claims)]

    def _checked(
        self, reading: ClaimReading, said: ReadText, claims: Sequence[Claim]
    ) -> list[Post]:
        found = [Post(event) for event in reading.events(claims, said)]
        return [*found, self._respond(tuple(claim.sentence for claim in claims))]

    def _respond(self, unsupported: tuple[str, ...] = ()) -> Post:
        action = self._action
        if action is None:
            raise AssertionError("a seller speaks after it has planned")
        self._made_case |= self._selected is not None and action.action == PERSUASION
        self._turn += 1
        request = RespondToSeller(
            episode=self.id,
            unit=self._spec.buyer_unit,
            profile=self._spec.profile,
            transcript=self._transcript,
            turn=self._turn,
            shown=tuple(map(for_buyer, self._shown.values())),
            presented=tuple(map(for_buyer, self._presented)),
            selected=self._selected and for_buyer(self._selected),
            candidate=self._seen_candidate(),
            action=action.action,
            tactic=action.strategy,
            may_buy=self._made_case,
            last=self._turn >= self._rules.max_turns,
            unsupported=unsupported,
        )
        self._presented = ()
        return Post(request, self.buyer, MESSAGE_US)

    def _show(self) -> list[Post]:
        offered = {product.id: product for product in self._offered}
        unknown = [id_ for id_ in self._to_show if id_ not in offered]
        if unknown:
            return [self._reject("ShowItems", f"{_named(unknown)}: not among the items offered")]
        showing: Showing = "upsell" if self._selected is not None else "suggestion"
        most = 1 if showing == "upsell" else self._rules.shown
        if len(self._to_show) > most:
            return [self._reject("ShowItems", f"{len(self._to_show)} items: at most {most}")]
        self._presented = tuple(offered[id_] for id_ in self._to_show)
        self._shown |= {product.id: product for product in self._presented}
        event = ItemsShown(
            episode=self.id,
            turn=self._turn,
            showing=showing,
            products=self._to_show,
            prices_cents=tuple(product.price_cents for product in self._presented),
            fitting=len(offered),
        )
        self.tell(event)
        return [Post(event)]

    # -- the buyer -------------------------------------------------------------------------

    def reservation_prices_stated(self, command: StateReservationPrices) -> list[Post]:
        """The buyer knows what items are worth to it: kept for the log."""
        self._reservations |= command.reservation_cents
        return []

    def item_to_select(self, command: SelectItem) -> list[Post]:
        """The buyer makes its choice."""
        self._pending = command
        return []

    def item_to_buy(self, command: BuyItem) -> list[Post]:
        """The buyer wants to buy."""
        self._pending = command
        return []

    def buyer_leaving(self, command: LeaveConversation) -> list[Post]:
        """The buyer leaves: with what it says now, or before a word was said."""
        self._pending = command
        return [] if self._transcript else self._carry_out()

    def _buyer_spoke(self) -> list[Post]:
        posts = self._carry_out()
        if not self.ended and self._turn >= self._rules.max_turns:
            self.ended = True
        return posts if self.ended else [*posts, self._plan()]

    def _carry_out(self) -> list[Post]:
        command, self._pending = self._pending, None
        match command:
            case SelectItem():
                return self._select(command.product)
            case BuyItem():
                return self._buy(command.product)
            case LeaveConversation():
                self.ended = True
                left = BuyerLeft(
                    episode=self.id,
                    turn=self._turn,
                    how=command.how,
                    reason=command.reason,
                )
                return [Post(left)]
            case _:
                return []

    def _select(self, id_: str) -> list[Post]:
        product = self._shown.get(id_)
        if product is None:
            return [self._reject("SelectItem", f"{_named([id_])}: was never shown")]
        if self._selected is not None:
            return [self._reject("SelectItem", f"{self._selected.id} is selected already")]
        self._selected = product
        dearer = self._shop.dearer(product, self._spec.profile.budget_cents[1])
        self._candidate = apart(dearer) if dearer is not None else None
        event = ItemSelected(
            episode=self.id,
            turn=self._turn,
            product=product.id,
            price_cents=product.price_cents,
            candidate=self._candidate.id if self._candidate else None,
            candidate_price_cents=self._candidate.price_cents if self._candidate else None,
        )
        self._guard.selected(event, self._candidate)
        return [Post(event), *self._valued(product)]

    def _buy(self, id_: str) -> list[Post]:
        problem = self._forbids(id_)
        if problem is not None:
            return [self._reject("BuyItem", problem)]
        product = self._shown[id_]
        digest = blake2b(self.id.encode(), digest_size=4).hexdigest().upper()
        shipping, cost = self._tags.fee_cents(product), self._shop.product(id_).unit_cost_cents
        costs = self._rules.costs.of_order(
            product.price_cents, shipping, self._tags.list_cents(product)
        )
        order = OrderPlaced(
            episode=self.id,
            order=f"ORD-{product.id}-{digest}",
            product=product.id,
            quantity=1,
            unit_price_cents=product.price_cents,
            shipping_cents=shipping,
            unit_cost_cents=UNSET if cost is None else cost,
            **costs,
        )
        self.ended = True
        valued = [] if product is self._selected else self._valued(product)
        return [*valued, Post(order)]

    def _forbids(self, id_: str) -> str | None:
        if id_ not in self._shown:
            return f"{_named([id_])}: was never shown"
        if self._selected is None:
            return f"{_named([id_])}: nothing is selected yet"
        if not self._made_case:
            return f"{_named([id_])}: the seller has not made its case yet"
        if id_ not in (self._selected.id, self._candidate.id if self._candidate else None):
            return f"{_named([id_])}: is neither the selected item nor the dearer one"
        product = self._shown[id_]
        return self._guard.refuses_order(product, self._tags.fee_cents(product))

    # -- common ----------------------------------------------------------------------------

    def _seen_candidate(self) -> Product | None:
        """The dearer item, as far as the buyer knows of it."""
        candidate = self._candidate
        if candidate is None or candidate.id not in self._shown:
            return None
        return for_buyer(candidate)

    def _known(self) -> dict[str, Any]:
        return {
            "episode": self.id,
            "unit": self._spec.seller_unit,
            "transcript": self._transcript,
            "turn": self._turn,
            "shown": tuple(self._shown.values()),
            "selected": self._selected,
            "candidate": self._candidate,
            "price_range_cents": self._spec.profile.budget_cents,
            "inferred": self._inferred,
            "categories": self._categories,
            "told_style": self._told_style,
            "lowered": self._tags.lowered,
            "fee_named": self._tags.fee_named,
        }

    def _valued(self, product: Product) -> list[Post]:
        reservation = self._reservations.get(product.id)
        if reservation is None:
            return []
        event = ItemValued(
            episode=self.id,
            turn=self._turn,
            product=product.id,
            price_cents=product.price_cents,
            reservation_cents=reservation,
        )
        return [Post(event)]

    def _reject(self, command: str, reason: str) -> Post:
        event: Event = CommandRejected(episode=self.id, command=command, reason=reason)
        return Post(event)


def _named(ids: list[str]) -> str:
    """Name ids that somebody made up, in bounded length."""
    return ", ".join(repr(id_[:80]) for id_ in ids[:3])
