"""Keys: read from the environment, sent to one address, shown nowhere."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from urllib.parse import quote, quote_plus

from retailsim.agents.llm.errors import BadModel, NoKey
from retailsim.agents.llm.provider.vendor import vendor_of
from retailsim.agents.llm.types import ModelConfig

_LOOKS_LIKE_A_KEY = re.compile(
    r"\b(?:sk|rk|pk|gsk|xai|hf|key)[-_][\w\-*.]{6,}|\bAIza[\w\-*]{6,}|(?i:\bbearer\s+)[\w\-*.~+/=]+"
)
_LINE = 300
_SECRET = 12
"""Characters from which on a key is a secret. Shorter ones are words that local servers are given
("none", "sheet"): their letters stand in answers by chance, and nobody is harmed by seeing them."""


class ApiKey:
    """A secret that does not show itself: ``repr`` and ``str`` name only where it came from."""

    __slots__ = ("_echoes", "_secret", "env")

    def __init__(self, env: str, secret: str) -> None:
        self.env = env
        self._secret = secret
        forms = map(re.escape, _forms(secret))
        self._echoes = re.compile("|".join(forms)) if self.secret else None

    def __repr__(self) -> str:
        """Say where it is from, never what it is."""
        return f"ApiKey(from {self.env})"

    def __eq__(self, other: object) -> bool:
        """Keys are equal if their secrets are."""
        return isinstance(other, ApiKey) and other._secret == self._secret

    def __hash__(self) -> int:
        """Hash the secret."""
        return hash(self._secret)

    def __reduce__(self) -> tuple[object, ...]:
        """Refuse to be pickled or copied into a file."""
        raise TypeError("a key is never written anywhere")

    @property
    def secret(self) -> bool:
        """Whether it is one; a short one, as local servers are given, is just a word."""
        return len(self._secret) >= _SECRET

    def blot(self, text: str) -> str:
        """Return an answer without the secret, as it is or encoded; a short key is none."""
        return self._echoes.sub("[key]", text) if self._echoes else text

    def blot_word(self, text: str) -> str:
        """Return a message about a failure without the key: a short one where it is a word."""
        if self._echoes:
            return self.blot(text)
        return re.sub(rf"(?<!\w){re.escape(self._secret)}(?!\w)", "[key]", text)

    def stands_in(self, text: str) -> bool:
        """Whether `text` holds the secret, as it is or encoded."""
        return self._echoes is not None and self._echoes.search(text) is not None

    def reveal(self) -> str:
        """Return the secret, for the header of a request and for nothing else."""
        return self._secret


def _forms(secret: str) -> tuple[str, ...]:
    """Return the secret as a server might echo it: plain, for an address, for JSON, in base64."""
    raw = secret.encode()
    plain = base64.b64encode(raw).decode().rstrip("=")
    safe = base64.urlsafe_b64encode(raw).decode().rstrip("=")
    once = json.dumps(secret)[1:-1]
    twice = json.dumps(once)[1:-1]  # within JSON that is text within JSON, as answers are
    quoted = (quote(secret, safe=""), quote(secret), quote_plus(secret))
    return tuple(dict.fromkeys((twice, once, secret, *quoted, plain, safe)))


def find_key(name: str, config: ModelConfig, environ: Mapping[str, str]) -> ApiKey | None:
    """Return the key of a model, or None where it needs none.

    A model at an address of the user's own may go without, unless `key_env` names a variable.

    Raises
    ------
    NoKey
        If the variable is not set, empty, or holds what no header can carry.
    BadModel
        If `key_env` names no variable: it may be the key itself, so it is not shown.
    """
    if config.key_env and not _names_a_variable(config.key_env):
        raise BadModel(
            name,
            "key_env is the name of an environment variable, not a key: put the key into a"
            " variable, and the variable's name here",
        )
    names = (config.key_env,) if config.key_env else vendor_of(config.provider).key_env
    env = next((env for env in names if environ.get(env)), None)
    if env is None:
        if not names or (config.base_url and not config.key_env):
            return None
        raise NoKey(name, names[0])
    secret = environ[env].strip()
    if not secret:
        raise NoKey(name, env, "is empty")
    if not (secret.isascii() and secret.isprintable()):
        raise NoKey(name, env, "holds characters that no key has")
    return ApiKey(env, secret)


def _names_a_variable(text: str) -> bool:
    return text.isascii() and text.isidentifier() and not _LOOKS_LIKE_A_KEY.search(text)


def redact(text: str, key: ApiKey | None) -> str:
    """Return `text` as one line of at most 300 characters, with keys blotted out."""
    if key is not None:
        text = key.blot_word(text)
    line = " ".join(_LOOKS_LIKE_A_KEY.sub("[key]", text).split())
    if len(line) > _LINE:
        line = line[: _LINE - 1] + "\N{HORIZONTAL ELLIPSIS}"
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in line)
