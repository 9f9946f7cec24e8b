"""How a seller chooses its next action: CSI's scores, a fixed script, or chance.

A policy sees a `Situation` and gives every legal option a probability; the choice is a draw from
the seller's stream, against the very integers that are logged. Options and probabilities go into
the log with the choice, so that other policies can be learnt and judged from it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Protocol

import msgspec

from retailsim.agents.policy.exploring import mixed
from retailsim.events.streams import Stream
from retailsim.market.core.propensities import draw, propensities
from retailsim.market.protocols.csales.action_table import Option, plain
from retailsim.market.protocols.csales.events import TACTICS, Action, ItemRule, Style, Tactic
from retailsim.market.protocols.csales.values import PERSUASION


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """What a policy decides by.

    Parameters
    ----------
    options : tuple of Option
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
    items : ItemRule or None
        By which rule items were suggested last.
    """

    options: tuple[Option, ...]
    past: tuple[Action, ...]
    tactics: tuple[Tactic, ...]
    words: int
    depth: int
    category_fit: float
    shown: int
    style: Style | None
    items: ItemRule | None = None

    @property
    def actions(self) -> tuple[Action, ...]:
        """What the options come to."""
        return tuple(dict.fromkeys(option.action for option in self.options))


class ActionChoice(msgspec.Struct, frozen=True, kw_only=True):
    """What was chosen, out of what, with which propensities, if they are known."""

    option: Option
    options: tuple[str, ...]
    probabilities: tuple[int | float, ...] | None


class Policy(Protocol):
    """A way to weigh options."""

    def weights(self, situation: Situation) -> Sequence[float]:
        """Return a non-negative weight for each of the situation's options, not all 0."""
        ...


def choose(policy: Policy, situation: Situation, stream: Stream) -> ActionChoice:
    """Draw an option by the policy's weights."""
    options, counts = situation.options, propensities(policy.weights(situation))
    return ActionChoice(
        option=options[draw(counts, stream)],
        options=tuple(option.name for option in options),
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

    It chooses act and tactic; of a table with more dimensions it takes the plainest options.

    Parameters
    ----------
    temperature : float
        Above 0; the larger, the closer to chance.
    """

    def __init__(self, temperature: float = TEMPERATURE) -> None:
        self._temperature = temperature

    def weights(self, situation: Situation) -> Sequence[float]:
        """Return the softmax of the options' scores."""
        options = situation.options
        scores = [
            self._score(situation, option.action, option.tactic) if takes else -math.inf
            for option, takes in zip(options, plain(options), strict=True)
        ]
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
        options = situation.options
        tactic = self._tactic(situation) if action == PERSUASION else None
        return [
            float(takes and (option.action, option.tactic) == (action, tactic))
            for option, takes in zip(options, plain(options), strict=True)
        ]

    def _tactic(self, situation: Situation) -> Tactic:
        """Return the tactic whose turn it is, of those that are legal."""
        legal = {option.tactic for option in situation.options}
        tactics = [tactic for tactic in TACTICS if tactic in legal]
        return tactics[len(situation.tactics) % len(tactics)]


class Chance:
    """Any legal action with the same probability, and any of its options."""

    def weights(self, situation: Situation) -> Sequence[float]:
        """Share an action's weight among its options."""
        of_action = Counter(option.action for option in situation.options)
        return [1.0 / of_action[option.action] for option in situation.options]


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
        options, weights = situation.options, self._policy.weights(situation)
        persuading = math.fsum(
            weight for option, weight in zip(options, weights, strict=True) if option.tactic
        )
        legal = {option.tactic for option in options}
        return [
            weight
            if option.tactic is None
            else persuading * self._share(option.tactic, legal) * takes
            for option, weight, takes in zip(options, weights, plain(options), strict=True)
        ]

    def _share(self, tactic: Tactic, legal: Collection[Tactic | None]) -> float:
        """Return a tactic's share; of those that are legal where the single one is not."""
        if self._tactic is None or self._tactic not in legal:
            return 1.0 / sum(one is not None for one in legal)
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
