"""Personas: three binary traits a role, as the paper defines them, or none at all."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from types import MappingProxyType

from retailsim.agents.errors import BadPersona
from retailsim.events.messages import Role

Persona = Mapping[str, str]
"""Trait -> pole, for some or all traits of a role."""

TRAITS: Mapping[Role, Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "seller": {
            "assertiveness": ("assertive", "passive"),
            "friendliness": ("friendly", "reserved"),
            "rationality": ("rational", "emotional"),
        },
        "buyer": {
            "pickiness": ("picky", "easygoing"),
            "price_consciousness": ("sensitive", "indifferent"),
            "rationality": ("rational", "emotional"),
        },
    }
)

GENDERS: tuple[str, ...] = ("male", "female")


def all_personas(role: Role) -> list[Persona]:
    """Every combination of the role's traits: eight of them, in a fixed order."""
    traits = TRAITS[role]
    return [dict(zip(traits, poles, strict=True)) for poles in product(*traits.values())]


def checked_persona(role: Role, persona: Persona) -> Persona:
    """Return `persona` if all its traits and poles exist for `role`.

    Raises
    ------
    BadPersona
        Naming the trait or pole that does not exist and what does.
    """
    traits = TRAITS[role]
    for trait, pole in persona.items():
        if trait not in traits:
            raise BadPersona(role, f"unknown trait {trait!r}", ", ".join(traits))
        if pole not in traits[trait]:
            raise BadPersona(role, f"{trait} = {pole!r}", " or ".join(traits[trait]))
    return persona
