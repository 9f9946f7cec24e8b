"""The named profiles: five behavioral sellers and five behavioral buyers for `pairwise`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

import msgspec

from retailsim.agents.persona import GENDERS, Persona, checked_persona
from retailsim.events.messages import Role


class AgentProfile(msgspec.Struct, frozen=True, kw_only=True):
    """A ready-made seat: who sits there and by which options.

    Parameters
    ----------
    id : str
        Lower case with hyphens; also the seat's id, on which its random streams depend.
    persona : mapping of trait to pole, or None
    gender : {"male", "female"} or None
    options : mapping
        Options of the behavioral seller or buyer.
    description : str
        One sentence for people.
    """

    id: str
    role: Role
    description: str
    persona: Persona | None = None
    gender: str | None = None
    options: Mapping[str, Any] = {}


class _Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    description: str
    persona: dict[str, str] | None = None
    gender: str | None = None
    options: dict[str, Any] = {}


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    sellers: dict[str, _Entry]
    buyers: dict[str, _Entry]


@cache
def profiles(role: Role) -> Mapping[str, AgentProfile]:
    """Return the named profiles of `role`, id -> profile, in the file's order; read-only."""
    text = (files("retailsim.agents.data") / "profiles.toml").read_text("utf-8")
    decoded = msgspec.convert(tomllib.loads(text), _File)
    entries = decoded.sellers if role == "seller" else decoded.buyers
    return MappingProxyType({name: _profile(role, name, entry) for name, entry in entries.items()})


def _profile(role: Role, name: str, entry: _Entry) -> AgentProfile:
    assert entry.gender in (None, *GENDERS), f"profile {name}: gender {entry.gender!r}"
    return AgentProfile(
        id=name,
        role=role,
        description=entry.description,
        persona=None if entry.persona is None else checked_persona(role, entry.persona),
        gender=entry.gender,
        options=entry.options,
    )
