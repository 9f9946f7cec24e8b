"""How a seller's turns move a buyer: its willingness, its trust, its pull to the dearer item.

Persuasion that suits the buyer's decision style raises willingness, persuasion that does not, comes
again and again, comes too early or ignores what was asked lowers it. Nothing here is random, and
nothing here changes what an item is worth: a seller moves the buyer, not the goods.
"""

from __future__ import annotations

import msgspec

from retailsim.agents.csales.behavioral.parameters import BuyerParameters, OpennessTraits
from retailsim.market.protocols.csales.events import Action, Style, Tactic
from retailsim.market.protocols.csales.values import Profile


class Deed(msgspec.Struct, frozen=True, kw_only=True):
    """What a seller did in one turn, as its buyer sees it.

    Parameters
    ----------
    tactic : str or None
        Of a persuasion.
    about : bool
        Whether an item was selected before: without one, persuasion is a push.
    dearer : bool
        Whether the item above the budget is on the table by now.
    asked : str or None
        The style whose kind of question the buyer had asked with its last message.
    fits : bool
        Whether something among what was shown fits.
    unsupported : int
        Sentences that the sheets before the buyer do not carry.
    """

    action: Action
    tactic: Tactic | None = None
    about: bool = False
    dearer: bool = False
    asked: Style | None = None
    fits: bool = False
    unsupported: int = 0


class BuyerState(msgspec.Struct, frozen=True, kw_only=True):
    """Where a buyer stands.

    Parameters
    ----------
    will : float
        Willingness to buy, in logits.
    pull : float
        What draws it to the dearer item beyond its surplus, in logits.
    trust : float
        From 0 to 1.
    tactics : tuple of str
        Those it has heard, in order.
    questions, idle : int
        Questions it was asked; turns with nothing selected.
    """

    will: float
    pull: float
    trust: float
    tactics: tuple[Tactic, ...] = ()
    questions: int = 0
    idle: int = 0
    warmed: bool = False


def at_first(parameters: BuyerParameters) -> BuyerState:
    """Return where a buyer stands that has only spoken itself."""
    return BuyerState(
        will=parameters.will.start,
        pull=parameters.dearer.start,
        trust=parameters.trust.start,
    )


def after(state: BuyerState, deed: Deed, profile: Profile, with_: BuyerParameters) -> BuyerState:
    """Return where a buyer stands after a turn of the seller."""
    traits = with_.openness[profile.dialogue_openness]
    state = _disbelieved(state, deed.unsupported, with_)
    if deed.tactic is not None:
        moved = _persuaded(state, deed, deed.tactic, profile.decision_making_style, with_, traits)
    else:
        moved = _without_persuasion(state, deed, with_, traits)
    if deed.fits and not state.warmed:
        moved = msgspec.structs.replace(moved, will=moved.will + with_.will.shown, warmed=True)
    if deed.about or deed.fits:
        return moved
    idle = moved.idle + 1
    tired = with_.fatigue.idle if idle > traits.patience else 0.0
    return msgspec.structs.replace(moved, will=moved.will - tired, idle=idle)


def effect(tactic: Tactic, style: Style, asked: Style | None, with_: BuyerParameters) -> float:
    """Return what a tactic does at full trust when it is used for the first time, in logits."""
    of = with_.persuasion
    unheard = asked is not None and of.affinity[asked][tactic] <= 0.0
    return of.common + of.fit * (of.affinity[style][tactic] - of.ignored * unheard)


def _persuaded(
    state: BuyerState,
    deed: Deed,
    tactic: Tactic,
    style: Style,
    with_: BuyerParameters,
    traits: OpennessTraits,
) -> BuyerState:
    """A persuasion: what it gains is worth less each time, what it costs is not."""
    heard = (*state.tactics, tactic)
    if not deed.about:
        return msgspec.structs.replace(
            state,
            will=state.will - with_.fatigue.pushed,
            trust=_moved(state.trust, -1.0, with_),
            tactics=heard,
        )
    before = state.tactics.count(tactic)
    raw = effect(tactic, style, deed.asked, with_)
    gained = max(0.0, raw) * with_.persuasion.saturation**before * state.trust * traits.gain
    cost = max(0.0, -raw) + with_.fatigue.repetition * before
    pressed = with_.fatigue.pressure * (len(heard) > traits.persuasions)
    affinity = with_.persuasion.fit * with_.persuasion.affinity[style][tactic]
    return msgspec.structs.replace(
        state,
        will=state.will + gained - cost - pressed,
        pull=state.pull + with_.dearer.pull * gained * deed.dearer,
        trust=_moved(state.trust, affinity, with_),
        tactics=heard,
    )


def _without_persuasion(
    state: BuyerState, deed: Deed, with_: BuyerParameters, traits: OpennessTraits
) -> BuyerState:
    """A question pleases who likes to talk, once; a suggestion that misses disappoints."""
    match deed.action:
        case "Preference Probing":
            again = with_.fatigue.repetition * state.questions
            first = traits.asked if state.questions == 0 else 0.0
            trust = _moved(state.trust, 1.0, with_) if first > 0.0 else state.trust
            return msgspec.structs.replace(
                state,
                will=state.will + first - again,
                trust=trust,
                questions=state.questions + 1,
            )
        case "Suggestion" if not deed.fits:
            return msgspec.structs.replace(state, will=state.will - with_.fatigue.missed)
        case _:
            return state


def _disbelieved(state: BuyerState, sentences: int, with_: BuyerParameters) -> BuyerState:
    """Who says what the sheets do not carry is trusted less, also for what else it says."""
    if not sentences:
        return state
    trust = state.trust - with_.trust.unsupported * sentences
    return msgspec.structs.replace(state, trust=max(with_.trust.least, trust))


def _moved(trust: float, by: float, with_: BuyerParameters) -> float:
    """Trust won or lost, within its bounds."""
    step = with_.trust.won * by if by > 0.0 else with_.trust.lost * by
    return min(1.0, max(with_.trust.least, trust + step))
