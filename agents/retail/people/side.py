"""The retail protocol as people at its seats meet it."""

from __future__ import annotations

from types import MappingProxyType

from retailsim.agents.person.side import PersonSide
from retailsim.agents.retail.people.buyer import BUYER
from retailsim.agents.retail.people.seen import seen
from retailsim.agents.retail.people.seller import SELLER
from retailsim.agents.retail.reply_values import bad_values

PEOPLE = PersonSide(steps=MappingProxyType({**SELLER, **BUYER}), seen=seen, problems=bad_values)
