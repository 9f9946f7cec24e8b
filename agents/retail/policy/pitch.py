"""A pitch in a chosen style, in the words of the behavioral seller's phrase tables."""

from __future__ import annotations

from functools import lru_cache

from retailsim.agents.retail.behavioral import voice as say
from retailsim.agents.retail.behavioral.pitch import PitchPlan, PitchWriter
from retailsim.agents.retail.behavioral.terms import terms_of
from retailsim.agents.retail.behavioral.voice import Voice, voice_of
from retailsim.agents.retail.policy.actions import PitchStyle, Stress, Tone
from retailsim.events.streams import Stream
from retailsim.market.protocols.retail.requests import PresentPitch
from retailsim.market.protocols.retail.values import Pitch

MOST_FACTS, BOLD = 8, 2
"""Facts of a pitch that dwells on them; claims of a bold one."""

_REASON: dict[Stress, str] = {"facts": "", "reasons": "rational", "feelings": "emotional"}


@lru_cache(maxsize=8)
def voice(stress: Stress, tone: Tone) -> Voice:
    """Return the phrase tables of a stress and a tone."""
    warm = tone == "warm"
    traits = {
        "friendliness": "friendly" if warm else "",
        "assertiveness": "" if warm else "assertive",
        "rationality": _REASON[stress],
    }
    return voice_of({trait: pole for trait, pole in traits.items() if pole})


def styled_pitch(request: PresentPitch, style: PitchStyle, plan: Stream, words: Stream) -> Pitch:
    """Return the pitch of an offer in a style.

    Parameters
    ----------
    plan, words : Stream
        Which facts are brought forward, in which order; and among which wordings.
    """
    offer, terms = request.offer, terms_of(request.offer)
    chosen = PitchPlan(plan.integer(0, 2), tuple(plan.sample(terms.sheet.facts, MOST_FACTS)))
    spoken = voice(style.stress, style.tone)
    writer = _StyledWriter(offer, terms, chosen, spoken, words)
    if style.length == "short":
        writer.write_briefly(offer.product.category)
    else:
        writer.write(request.strategy, offer.product.category)
    if style.stress == "facts":
        writer.dwell_on_facts(2 if style.length == "short" else MOST_FACTS)
    claimed = writer.boast() if style.claims == "bold" else ()
    if style.length == "full":
        writer.lengthen()
    return writer.pitch(claimed)


class _StyledWriter(PitchWriter):
    """Writes what the behavioral seller does not."""

    __slots__ = ()

    def write_briefly(self, category: str) -> None:
        """Write the five sections in a sentence or two each."""
        spoken = self._voice
        self._sections += [
            self._say(spoken.greetings, say.INTRODUCTIONS),
            self._say(say.CORE_AUDIENCE[category]),
            self._fact() or self._say(say.SILENT_SHEET),
            self._say(spoken.values),
            self._say(spoken.pushes, spoken.sign_offs),
        ]

    def dwell_on_facts(self, most: int) -> None:
        """Add facts that were not told yet, in turn to the audience and to the value."""
        for number in range(min(most, len(self._facts))):
            self._sections[(1, 3)[number % 2]] += self._fact()

    def boast(self) -> tuple[str, ...]:
        """Add claims that the sheet does not carry; return them."""
        made = tuple(self._draws.sample(say.OVERCLAIMS, BOLD))
        for index, claim in enumerate(made):
            self._sections[(0, 3)[index]].append(f"{say.OVERCLAIM_LEADS[index]}: {claim}.")
        return made
