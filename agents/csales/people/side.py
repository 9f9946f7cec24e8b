"""Sales conversations as people in them meet it."""

from __future__ import annotations

from types import MappingProxyType

from retailsim.agents.csales.people.buyer import BUYER
from retailsim.agents.csales.people.seen import seen
from retailsim.agents.csales.people.seller import SELLER
from retailsim.agents.csales.reply_values import bad_values
from retailsim.agents.person.side import PersonSide

PEOPLE = PersonSide(steps=MappingProxyType({**SELLER, **BUYER}), seen=seen, problems=bad_values)
