"""What a protocol is to its agents: base classes, built-in agents, what newcomers are tried by."""

from __future__ import annotations

from collections.abc import Mapping
from inspect import isabstract
from typing import Any

import msgspec

from retailsim.agents.base import Agent
from retailsim.events.messages import Role
from retailsim.market.protocols.registry import Protocol, typed_layer

MODEL = "model"
"""The agent of a seat that asks a language model."""

POLICY = "policy"
"""The agent of a seat that goes by the policy in ``options.file``."""

WIRE = "http"
"""The agent of a seat that is asked over HTTP, at ``options.url``, whatever the protocol."""

PERSON = "person"
"""The agent of a seat that a person takes, whatever the protocol; see docs/people.md."""

Target = str | type[Agent]
"""Where a class stands, as module:Class, or the class itself."""
Named = Mapping[tuple[str, Role], Target]


class ProtocolAgents(msgspec.Struct, frozen=True, kw_only=True):
    """One protocol, as its agents know it.

    Parameters
    ----------
    bases : mapping of role to class
        What an agent of this role is derived from, if not from `Agent` itself.
    built_in : mapping
        Agents that come with the protocol and need no language model; by default the bases that
        can act themselves, called "behavioral".
    models : mapping
        Agents that ask a language model; those called "model" are what ``agent = "model"`` means.
    outside : mapping
        Agents whose decisions an environment makes: only one plays them, and nothing lists them.
    repertoire : agents.conformance.repertoire.Repertoire, str or None
        What the conformance suite tries agents with, or where it stands, as module:NAME; None where
        there is nothing to try.
    envelopes : tuple of type, or str
        The shapes of its model agents' answers, or where they stand; part of the prompts' version.
    specimen : callable, str or None
        Returns what the parts of prompts that code puts together look like; part of it, too.
    telling : callable, str or None
        ``tell -> classes``: its built-in buyers by name, as such that also tell each episode's
        chance of a purchase, for those who average over many runs; or where it stands.
    footing : callable, str or None
        ``tell -> classes``: likewise, as such that tell their `agents.footing.Footing`, for fits to
        what people did.
    people : agents.person.side.PersonSide, str or None
        What is shown to people and asked of them, or where it stands; None: what types say.
    """

    bases: Mapping[Role, type] = {}
    built_in: Named = {}
    models: Named = {}
    outside: Named = {}
    repertoire: Any = None
    envelopes: Any = ()
    specimen: Any = None
    telling: Any = None
    footing: Any = None
    people: Any = None

    def __post_init__(self) -> None:
        """Take the bases for the built-in agents where none is named."""
        if not self.built_in:
            able = {role: base for role, base in self.bases.items() if not isabstract(base)}
            built_in = {("behavioral", role): base for role, base in able.items()}
            msgspec.structs.force_setattr(self, "built_in", built_in)

    def target(self, name: str, role: Role) -> Target | None:
        """Return where an agent of this name stands, if it comes with the protocol."""
        for named in (self.built_in, self.models, self.outside):
            if (name, role) in named:
                return named[name, role]
        return None

    def names(self, role: Role) -> list[str]:
        """The built-in names of a role that need no language model."""
        return [name for name, of_role in self.built_in if of_role == role]


def agents_of(protocol: Protocol) -> ProtocolAgents:
    """Return what a protocol is to its agents."""
    return typed_layer(protocol, "agents", ProtocolAgents)
