"""What raters are asked: five tasks rated 1 to 5, six traits, with criteria of our own."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

import msgspec

STARS = ("very poor", "poor", "fair", "good", "very good")
"""What 1 to 5 stand for."""

Shown = Literal["pitch", "dialogue", "decision"]


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """A question about items of one kind, as a rater reads it.

    Parameters
    ----------
    kind : {"likert", "pair"}
        Whether one text is rated 1 to 5, or one of two texts is chosen.
    """

    name: str
    kind: Literal["likert", "pair"]
    title: str
    question: str
    criteria: tuple[str, ...]


class Trait(msgspec.Struct, frozen=True, kw_only=True):
    """A trait of a persona, and where it shows.

    Parameters
    ----------
    poles : (str, str)
        The one that raters are asked to find, and its opposite.
    shown : {"pitch", "dialogue", "decision"}
        What of an episode raters see of it.
    """

    role: Literal["seller", "buyer"]
    name: str
    poles: tuple[str, str]
    shown: Shown
    asked: str
    criteria: tuple[str, ...]

    @property
    def column(self) -> str:
        """Its column in the episodes of a projection, which is also the name of its task."""
        return f"{self.role}_{self.name}"

    @property
    def task(self) -> Task:
        """What raters are asked about it."""
        title = f"Two {self.role}s: {self.name.replace('_', ' ')}"
        return Task(
            name=self.column,
            kind="pair",
            title=title,
            question=self.asked,
            criteria=self.criteria,
        )


def _likert(name: str, title: str, question: str, *criteria: str) -> Task:
    return Task(name=name, kind="likert", title=title, question=question, criteria=criteria)


LIKERT: tuple[Task, ...] = (
    _likert(
        "pitch",
        "The presentation",
        "How good is this presentation of the product?",
        "What it says is on the product sheet, or follows from it; nothing is made up.",
        "It says for whom the product is, what they get from it and what it costs.",
        "It is clear, hangs together and could be spoken to an audience.",
    ),
    _likert(
        "pre_inquiry",
        "Questions before the purchase",
        "How good is this conversation?",
        "The buyer asks what somebody who may buy this product would ask.",
        "The seller answers what was asked, by the sheet, and says so where it does not know.",
        "Each message takes up the ones before; nothing is repeated without need.",
    ),
    _likert(
        "decision",
        "The decision",
        "How well does the decision follow?",
        "The reasons are about this product and what was said about it.",
        "Reasons, quantity and mood go with what is decided.",
        "A person with these reasons could decide so.",
    ),
    _likert(
        "post_inquiry",
        "Support after the purchase",
        "How good is this conversation?",
        "The buyer says what is wrong, and it is what did go wrong.",
        "The seller deals with that problem and offers something that settles it.",
        "How it ends is what the two agreed on.",
    ),
    _likert(
        "review",
        "The reviews",
        "How well do the reviews fit what happened?",
        "Each review is about its subject and mentions what did happen.",
        "Stars and words say the same.",
        "It reads as if a customer with this experience had written it.",
    ),
)

TRAITS: tuple[Trait, ...] = (
    Trait(
        role="seller",
        name="assertiveness",
        poles=("assertive", "passive"),
        shown="pitch",
        asked="Which seller is the more assertive one?",
        criteria=(
            "Assertive: leads, presses, calls for a decision now.",
            "Passive: leaves it open.",
        ),
    ),
    Trait(
        role="seller",
        name="friendliness",
        poles=("friendly", "reserved"),
        shown="dialogue",
        asked="Which seller is the friendlier one?",
        criteria=("Friendly: warm, personal, glad to help.", "Reserved: correct and distant."),
    ),
    Trait(
        role="seller",
        name="rationality",
        poles=("rational", "emotional"),
        shown="pitch",
        asked="Which seller argues more by reason than by feeling?",
        criteria=(
            "By reason: facts, figures, comparisons.",
            "By feeling: stories, pictures, moods.",
        ),
    ),
    Trait(
        role="buyer",
        name="pickiness",
        poles=("picky", "easygoing"),
        shown="decision",
        asked="Which buyer is the more demanding one?",
        criteria=("Demanding: details have to be right.", "Easygoing: good enough will do."),
    ),
    Trait(
        role="buyer",
        name="price_consciousness",
        poles=("sensitive", "indifferent"),
        shown="decision",
        asked="Which buyer minds the price more?",
        criteria=("Minds it: weighs every cost.", "Does not: money hardly comes up."),
    ),
    Trait(
        role="buyer",
        name="rationality",
        poles=("rational", "emotional"),
        shown="decision",
        asked="Which buyer decides more by reason than by feeling?",
        criteria=("By reason: evidence, for and against.", "By feeling: liking, mood, impulse."),
    ),
)

TASKS: Mapping[str, Task] = MappingProxyType(
    {task.name: task for task in (*LIKERT, *(trait.task for trait in TRAITS))}
)
"""All tasks by name, in the order in which raters meet them."""
