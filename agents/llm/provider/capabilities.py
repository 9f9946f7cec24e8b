"""What a model accepts, so that no parameter is sent that it refuses.

``agents/data/models.toml`` says it by provider and name; a ``[models]`` table overrides it with
`accepts`, `schema` and `thinking_tokens`.
"""

from __future__ import annotations

import tomllib
from fnmatch import fnmatchcase
from functools import lru_cache
from importlib.resources import files
from typing import Literal

import msgspec

from retailsim.agents.llm.provider.vendor import vendor_of
from retailsim.agents.llm.types import Effort, ModelConfig, Parameter, Provider, SchemaMode

_EFFORT_ROOM: dict[Effort, float] = {
    "none": 0.0,
    "minimal": 0.25,
    "low": 0.5,
    "medium": 1.0,
    "high": 2.0,
    "xhigh": 4.0,
    "max": 4.0,
}


class ModelProfile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry of the data file; see its head for the fields."""

    provider: tuple[Provider, ...]
    name: tuple[str, ...]
    temperature: bool = False
    seed: bool = False
    efforts: tuple[Effort, ...] = ()
    thinking: Literal["", "effort", "budget"] = ""
    room: int = 0
    schema: SchemaMode
    output: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"

    def describes(self, provider: Provider, model: str) -> bool:
        """Whether this entry is about that model."""
        names = {model.lower(), model.lower().rpartition("/")[2]}
        return provider in self.provider and any(
            fnmatchcase(name, pattern) for name in names for pattern in self.name
        )


class Abilities(msgspec.Struct, frozen=True, kw_only=True):
    """What is sent to one configured model: values where it takes them, else None.

    Parameters
    ----------
    room : int
        Tokens added to an answer's limit for thinking.
    ignored : tuple of str
        Parameters that the user configured and that are not sent.
    """

    temperature: float | None
    seed: int | None
    effort: Effort | None
    thinking: Literal["", "effort", "budget"]
    room: int
    schema: SchemaMode
    output: Literal["max_tokens", "max_completion_tokens"]
    ignored: tuple[Parameter, ...]

    @property
    def schema_read(self) -> bool:
        """Whether a schema that is sent is read like a prompt, not turned into a grammar."""
        return self.schema in ("strict", "prompt")


class _File(msgspec.Struct, forbid_unknown_fields=True):
    models: tuple[ModelProfile, ...]


@lru_cache
def profiles() -> tuple[ModelProfile, ...]:
    """Return the data file's entries, in order."""
    text = files("retailsim.agents.data").joinpath("models.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), _File).models


@lru_cache(maxsize=256)
def profile(provider: Provider, model: str) -> ModelProfile:
    """Return the first entry about a model; each provider has one for unknown names."""
    return next(entry for entry in profiles() if entry.describes(provider, model))


@lru_cache(maxsize=256)
def abilities(config: ModelConfig) -> Abilities:
    """Return what is sent to a configured model."""
    known = profile(config.provider, config.model)
    takes: dict[Parameter, bool] = {
        "temperature": known.temperature,
        "seed": known.seed,
        "effort": config.effort in known.efforts,
    }
    if config.accepts is not None:
        takes = {name: name in config.accepts for name in takes}
    takes = {name: takes[name] and name not in vendor_of(config.provider).lacks for name in takes}
    effort = config.effort if takes["effort"] else None
    return Abilities(
        temperature=config.temperature if takes["temperature"] else None,
        seed=config.seed if takes["seed"] else None,
        effort=effort,
        thinking=known.thinking or ("effort" if effort else ""),
        room=_room(config, known, effort),
        schema=config.schema or known.schema,
        output=known.output,
        ignored=tuple(n for n in takes if not takes[n] and getattr(config, n) is not None),
    )


def _room(config: ModelConfig, known: ModelProfile, effort: Effort | None) -> int:
    if config.thinking_tokens is not None:
        return config.thinking_tokens
    return int(known.room * (_EFFORT_ROOM[effort] if effort else 1.0))
