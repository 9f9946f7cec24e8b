"""Strategy and pitch: five sections from the product sheet, the terms and the seller's voice."""

from __future__ import annotations

from typing import NamedTuple

from retailsim.agents.retail.behavioral import voice as say
from retailsim.agents.retail.behavioral.parameters import Manner
from retailsim.agents.retail.behavioral.sheet import Sheet
from retailsim.agents.retail.behavioral.terms import Terms
from retailsim.agents.retail.behavioral.voice import Voice
from retailsim.events.streams import Stream
from retailsim.market.protocols.retail.values import SECTIONS, Offer, Pitch, Strategy

LEAST_WORDS = (415, 450)
"""A pitch gets advice added up to a length drawn from this range."""
OVERCLAIM_SLOTS = 4
METHODS = ("competitive comparison", "technical authority", "value-per-use")

_WHO = {"men": "Men", "women": "Women", "unisex": "Women and men"}


class PitchPlan(NamedTuple):
    """What a seller draws for one product: strategy and pitch share it."""

    method: int
    facts: tuple[str, ...]


def plan(sheet: Sheet, draws: Stream) -> PitchPlan:
    """Choose the persuasion method and the facts to bring forward, in order."""
    return PitchPlan(draws.integer(0, 2), tuple(draws.sample(sheet.facts, 5)))


def strategy_text(offer: Offer, terms: Terms, chosen: PitchPlan) -> Strategy:
    """Return the whole strategy; the caller leaves out what the guidance leaves out."""
    sheet = terms.sheet
    audience = _WHO.get(offer.product.audience or "", "People")
    fact = chosen.facts[0] if chosen.facts else f"the item is the {sheet.name}"
    return Strategy(
        target_expansion=(
            f"Core: {audience} already looking through {sheet.kind}. Secondary: gift buyers and"
            " shared households that need a choice which is easy to explain."
        ),
        value_proposition=(
            f"Key factors: what the sheet states ({fact}) and a price of {terms.price}. Feature to"
            " benefit: what is in writing can be relied on. Persuasion method:"
            f" {METHODS[chosen.method]}."
        ),
        contextual_urgency=f"It is {terms.body['month']}, and {terms.body['reason']}.",
        objection_handling=(
            "Q: What do I know before it arrives? A: What the sheet says, word for word. Q: What"
            f" if it is not right? A: It can go back within {terms.returns}, {terms.condition}."
        ),
    )


class PitchWriter:
    """One pitch in the making: sentences by section, and the claims made."""

    __slots__ = ("_chosen", "_draws", "_facts", "_sections", "_values", "_voice", "claims")

    def __init__(
        self, offer: Offer, terms: Terms, chosen: PitchPlan, voice: Voice, draws: Stream
    ) -> None:
        sheet = terms.sheet
        who = _WHO.get(offer.product.audience or "", "People")
        self._values = {
            **terms.body,
            "name": sheet.name,
            "kind": sheet.kind,
            "by": f" by {sheet.brand}" if sheet.brand else "",
            "who": who,
            "who_low": who.lower(),
        }
        self._voice = voice
        self._draws = draws
        self._chosen = chosen
        self._facts = list(chosen.facts)
        self._sections: list[list[str]] = []
        self.claims: list[str] = []

    def _say(self, *tables: tuple[str, ...]) -> list[str]:
        pick, values = self._draws.pick, self._values
        return [pick(table).format_map(values) for table in tables]

    def _fact(self) -> list[str]:
        if not self._facts:
            return []
        fact = self._facts.pop(0)
        self.claims.append(fact)
        leads = self._voice.fact_leads
        return [leads[len(self.claims) % len(leads)].format(fact=fact)]

    def write(self, strategy: Strategy, category: str) -> None:
        """Write the five sections; a dimension missing in the strategy is not spoken."""
        voice, sections = self._voice, self._sections
        opening_push, closing_push = ((push,) for push in self._draws.sample(voice.pushes, 2))
        sections.append(self._say(voice.greetings, voice.hooks, say.INTRODUCTIONS, opening_push))
        audience = (say.CORE_AUDIENCE[category], say.SECOND_AUDIENCE)
        sections.append(
            (self._say(*audience) if strategy.target_expansion is not None else []) + self._fact()
        )
        sections.append(self._questions() if strategy.objection_handling is not None else [])
        method = (say.METHODS[self._chosen.method],)
        sections.append(
            (self._say(method) if strategy.value_proposition is not None else [])
            + self._fact()
            + self._fact()
            + self._say(voice.values)
        )
        sections.append(
            (self._say(say.URGENCY) if strategy.contextual_urgency is not None else [])
            + self._say(say.TERMS, closing_push, voice.sign_offs)
        )

    def _questions(self) -> list[str]:
        asked = self._say(say.QUESTIONS)
        told = self._fact() or self._say(say.SILENT_SHEET)
        return asked + told + self._say(say.RETURN_QUESTIONS)

    def overclaim(self, manner: Manner) -> tuple[str, ...]:
        """Add claims that the sheet does not carry, by the seller's manner; return them."""
        draws = self._draws
        candidates = draws.sample(say.OVERCLAIMS, OVERCLAIM_SLOTS)
        made = tuple(claim for claim in candidates if draws.chance(manner.overclaim))
        for index, claim in enumerate(made):
            self._sections[(0, 3, 1, 3)[index]].append(f"{say.OVERCLAIM_LEADS[index]}: {claim}.")
        return made

    def lengthen(self) -> None:
        """Fill the shortest sections with advice until the pitch is long enough."""
        sections = self._sections
        fillers = self._draws.sample(say.FILLERS, len(say.FILLERS))
        least = self._draws.integer(*LEAST_WORDS)
        lengths = [sum(text.count(" ") + 1 for text in section) for section in sections]
        while fillers and (sum(lengths) < least or 0 in lengths):
            shortest = lengths.index(min(lengths))
            text = fillers.pop().format_map(self._values)
            sections[shortest].insert(len(sections[shortest]) // 2, text)
            lengths[shortest] += text.count(" ") + 1

    def pitch(self, unsupported: tuple[str, ...]) -> Pitch:
        """Return what was written."""
        texts = (" ".join(section) for section in self._sections)
        return Pitch(
            sections=dict(zip(SECTIONS, texts, strict=True)),
            claims=(*self.claims, *unsupported),
            unsupported=unsupported,
        )


def write_pitch(
    offer: Offer,
    terms: Terms,
    chosen: PitchPlan,
    strategy: Strategy,
    voice: Voice,
    manner: Manner,
    wording: Stream,
) -> Pitch:
    """Write the whole pitch: five sections of 331 to 561 words together."""
    work = PitchWriter(offer, terms, chosen, voice, wording)
    work.write(strategy, offer.product.category)
    unsupported = work.overclaim(manner)
    work.lengthen()
    return work.pitch(unsupported)
