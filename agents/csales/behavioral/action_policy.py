"""How a seller chooses its next action: CSI's scores, a fixed script, or chance.

A policy sees a `Situation` and gives every legal option a probability; the choice is a draw from
the seller's stream, against the very integers that are logged. Options and probabilities go into
the log with the choice, so that other policies can be learnt and judged from it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Protocol

import msgspec

from retailsim.agents.policy.exploring import mixed
from retailsim.events.streams import Stream
from retailsim.market.core.propensities import draw, propensities
from retailsim.market.protocols.csales.events import ACTIONS, TACTICS, Action, Style, Tactic
from retailsim.market.protocols.csales.values import PERSUASION, option_name


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """What a policy decides by.

    Parameters
    ----------
    actions : tuple of Action
        Those the market allows.
    past : tuple of Action
        What was done in earlier turns; `tactics` of the persuasions among them.
    words : int
        Telling words of the buyer so far.
    depth : int
        Levels of the category found so far.
    category_fit : float
        How much the best category to search shares with what was said; 0: nothing.
    shown : int
        Items shown so far.
    style : Style or None
        As inferred.
    """

    actions: tuple[Action, ...]
    past: tuple[Action, ...]
    tactics: tuple[Tactic, ...]
    words: int
    depth: int
    category_fit: float
    shown: int
    style: Style | None


class ActionChoice(msgspec.Struct, frozen=True, kw_only=True):
    """What was chosen, out of what, with which propensities, if they are known."""

    action: Action
    tactic: Tactic | None
    options: tuple[str, ...]
    probabilities: tuple[int | float, ...] | None


class Policy(Protocol):
    """A way to weigh options."""

    def weights(self, situation: Situation) -> Sequence[float]:
        """Return a non-negative weight for each of `options_of(situation)`, not all 0."""
        ...


Option = tuple[Action, Tactic | None]


def options_of(situation: Situation) -> list[Option]:
    """Return every legal option, a persuasion once for each tactic."""
    return legal(situation.actions)


def legal(actions: Sequence[Action]) -> list[Option]:
    """Return every option that some actions leave, a persuasion once for each tactic."""
    found: list[Option] = []
    for action in actions:
        if action == PERSUASION:
            found += [(action, tactic) for tactic in TACTICS]
        else:
            found.append((action, None))
    return found


OPTIONS: tuple[Option, ...] = tuple(legal(ACTIONS))
"""Every option there is, in the order that numbers them."""
OPTION_NAMES: tuple[str, ...] = tuple(option_name(*option) for option in OPTIONS)
"""What they are called in `ActionChosen.options`."""


def choose(policy: Policy, situation: Situation, stream: Stream) -> ActionChoice:
    """Draw an option by the policy's weights."""
    options, counts = options_of(situation), propensities(policy.weights(situation))
    action, tactic = options[draw(counts, stream)]
    return ActionChoice(
        action=action,
        tactic=tactic,
        options=tuple(option_name(*option) for option in options),
        probabilities=counts,
    )


SUITS: Mapping[Style, tuple[Tactic, Tactic]] = MappingProxyType(
    {
        "Rational": ("Logical Appeal", "Evidence-Based"),
        "Dependent": ("Social Proof", "Evidence-Based"),
        "Intuitive": ("Emotional Appeal", "Framing"),
    }
)
"""The tactics that speak to each style, the better one first."""
SUITED, LESS, AGAIN = 1.2, 0.4, 0.3
"""What the better one is worth to `Csi`, how much less the other is, and what each use takes."""
TEMPERATURE = 0.35
"""How far `Csi` goes by chance unless it is told otherwise."""


class Csi:
    """Scores by the situation, turned into probabilities by a softmax.

    Parameters
    ----------
    temperature : float
        Above 0; the larger, the closer to chance.
    """

    def __init__(self, temperature: float = TEMPERATURE) -> None:
        self._temperature = temperature

    def weights(self, situation: Situation) -> Sequence[float]:
        """Return the softmax of the options' scores."""
        scores = [self._score(situation, *option) for option in options_of(situation)]
        top = max(scores)
        return [math.exp((score - top) / self._temperature) for score in scores]

    def _score(self, situation: Situation, action: Action, tactic: Tactic | None) -> float:
        done = situation.past.count(action)
        match action:
            case "Preference Probing":
                return (1.5 if situation.words < 4 else 0.0) - 0.8 * done
            case "Category Search":
                return (2.2 if situation.category_fit > 0.0 else -2.0) - 0.3 * done
            case "Suggestion":
                known = min(situation.words, 12) / 12 + min(situation.depth, 3) / 3
                return known - 0.3 * done
            case _:
                early = 0.0 if situation.actions == (PERSUASION,) else -2.0
                return early + self._suits(situation, tactic)

    def _suits(self, situation: Situation, tactic: Tactic | None) -> float:
        suited = SUITS[situation.style] if situation.style else ()
        worth = SUITED - LESS * suited.index(tactic) if tactic in suited else 0.0
        return worth - AGAIN * situation.tactics.count(tactic) if tactic else worth


class FixedScript:
    """The same steps for everybody: ask, look twice, suggest; then the tactics in turn."""

    STEPS: tuple[Action, ...] = (
        "Preference Probing",
        "Category Search",
        "Category Search",
        "Suggestion",
    )

    def weights(self, situation: Situation) -> Sequence[float]:
        """Give all weight to the step whose turn it is."""
        number = len(situation.past)
        action: Action = self.STEPS[number] if number < len(self.STEPS) else "Suggestion"
        if action not in situation.actions:
            action = situation.actions[0]
        tactic = TACTICS[len(situation.tactics) % len(TACTICS)] if action == PERSUASION else None
        return [float(option == (action, tactic)) for option in options_of(situation)]


class Chance:
    """Any legal action with the same probability, and any tactic."""

    def weights(self, situation: Situation) -> Sequence[float]:
        """Share an action's weight among its tactics."""
        return [1.0 / len(TACTICS) if tactic else 1.0 for _, tactic in options_of(situation)]


class WithTactics:
    """Another policy, with its tactics replaced: by chance, or by a single one.

    How likely it is to persuade at all stays as it was.

    Parameters
    ----------
    policy : Policy
    tactic : str or None
        None: any tactic with the same probability.
    """

    def __init__(self, policy: Policy, tactic: Tactic | None) -> None:
        self._policy = policy
        self._tactic = tactic

    def weights(self, situation: Situation) -> Sequence[float]:
        """Share the weight of all persuasions anew."""
        options, weights = options_of(situation), self._policy.weights(situation)
        persuading = math.fsum(
            weight for (_, tactic), weight in zip(options, weights, strict=True) if tactic
        )
        return [
            weight if tactic is None else persuading * self._share(tactic)
            for (_, tactic), weight in zip(options, weights, strict=True)
        ]

    def _share(self, tactic: Tactic) -> float:
        if self._tactic is None:
            return 1.0 / len(TACTICS)
        return float(tactic == self._tactic)


class Exploring:
    """Another policy, mixed with chance: so often any legal option, all equally likely.

    Nothing legal is impossible any more, so what other policies would have earned can be told
    from its log. What is logged is the mixture, which the choice is drawn from.

    Parameters
    ----------
    policy : Policy
    share : float
        How often it explores, from 0 to 1.
    """

    def __init__(self, policy: Policy, share: float) -> None:
        self._policy = policy
        self._share = share

    def weights(self, situation: Situation) -> Sequence[float]:
        """Return the mixture in units of the policy's propensities, so that they sum to `WHOLE`."""
        return mixed(propensities(self._policy.weights(situation)), self._share)
