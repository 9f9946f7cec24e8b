"""Conversations to try an agent of the csales protocol with."""

from __future__ import annotations

import msgspec

from retailsim.agents.conformance.repertoire import Repertoire, Script
from retailsim.agents.csales.partners import PartnerTalk, conversation
from retailsim.agents.csales.reply_values import bad_values
from retailsim.agents.retail.samples import HOSTILE, HOSTILE_TEXTS, PLAIN, POOR, RICH
from retailsim.events.messages import Role
from retailsim.market.catalogue.product import Product
from retailsim.market.protocols.csales.values import Profile

EPISODES = 6
"""Conversations of each kind; further ones would differ in their random streams alone."""

replace = msgspec.structs.replace

SMALL = replace(RICH, id="SAMPLE-SMALL", title="Northlight headlamp, 200 lumens", price_cents=1999)
DEAR = replace(RICH, id="SAMPLE-DEAR", title="Northlight headlamp, 900 lumens", price_cents=7999)
BASIC = Product(
    id="SAMPLE-BASIC",
    title="Headlamp",
    price_cents=1200,
    category="Electronics",
    path=("Electronics", "Outdoor lighting", "Headlamps"),
)


TALKS = (
    PartnerTalk(
        about="a lamp for a talkative buyer",
        profile=Profile(
            id="SAMPLE-ACTIVE",
            general_preference="I like light things that last. I avoid anything with a cable.",
            target_needs="I need a rechargeable headlamp for running on trails at night.",
            purchase_reason=("The old one went dark on a hill.", "The nights grow longer."),
            budget_cents=(1_000, 4_000),
            target_category=("Electronics", "Outdoor lighting", "Headlamps"),
            decision_making_style="Rational",
            dialogue_openness="Active",
        ),
        products=(RICH, SMALL, BASIC, DEAR, PLAIN, POOR),
        words=(
            "I run on trails at night, and need a headlamp that can be charged.",
            "It must be light. How do they compare, and why is one better than the other?",
            "The highest level should reach far. What exactly is it made of?",
        ),
    ),
    PartnerTalk(
        about="nuts for a buyer of few words",
        profile=Profile(
            id="SAMPLE-PASSIVE",
            general_preference="Plain food.",
            target_needs="Almonds.",
            purchase_reason=(),
            budget_cents=(500, 1_500),
            target_category=("Food", "Nuts"),
            decision_making_style="Intuitive",
            dialogue_openness="Passive",
        ),
        products=(PLAIN, POOR),
        words=("Nuts.", "Feels right.", "Go on."),
    ),
    PartnerTalk(
        about="a search in which nothing fits",
        profile=Profile(
            id="SAMPLE-POOR",
            general_preference="I like what my friends like.",
            target_needs="I want a lamp that others are happy with.",
            purchase_reason=("A friend recommended one.",),
            budget_cents=(0, 100),
            target_category=("Electronics", "Lamps"),
            decision_making_style="Dependent",
            dialogue_openness="Less Active",
        ),
        products=(RICH, PLAIN),
        words=("I want a lamp that others are happy with.", "What do the reviews say?"),
    ),
)


def everything(role: Role, episodes: int = EPISODES) -> list[tuple[str, Script]]:
    """Return all conversations, each with what it is called."""
    return [
        (talk.about, conversation(role, replace(talk, index=index)))
        for talk in TALKS
        for index in range(episodes)
    ]


def pair(role: Role) -> tuple[Script, Script]:
    """Return two conversations of one kind that an agent may hold at once."""
    return conversation(role, replace(TALKS[0], index=1)), conversation(role, TALKS[0])


def hostile(role: Role) -> Script:
    """Return a conversation full of text that tries to break or to command its reader."""
    talk = PartnerTalk(
        about="a conversation full of hostile text",
        profile=Profile(
            id="SAMPLE-HOSTILE",
            general_preference=" ".join(HOSTILE_TEXTS),
            target_needs=HOSTILE_TEXTS[1],
            purchase_reason=HOSTILE_TEXTS,
            budget_cents=(0, HOSTILE.price_cents),
            target_category=(*HOSTILE.path, HOSTILE_TEXTS[3]),
            decision_making_style="Dependent",
            dialogue_openness="Active",
        ),
        products=(HOSTILE, replace(HOSTILE, id=HOSTILE_TEXTS[1], price_cents=2 * 10**9)),
        words=(*HOSTILE_TEXTS, "long " * 3999),
    )
    return conversation(role, talk)


REPERTOIRE = Repertoire(
    episodes=EPISODES,
    everything=everything,
    pair=pair,
    hostile=hostile,
    hostile_text="a conversation full of hostile text",
    bad_values=bad_values,
    values="the market accepts all items shown, selected and bought",
    dates="conversations have no dates, leave the clock alone",
)
