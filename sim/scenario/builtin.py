"""The scenarios that come with the package: their names, and what each is about.

Help pages and the shell's completion ask for them, so nothing else is imported here.
"""

from __future__ import annotations

import re
from importlib.resources import files

_SENTENCE = re.compile(r".+?[.?](?=\s|$)")


def builtin_scenarios() -> list[str]:
    """The names of the scenarios that come with the package."""
    folder = files("retailsim.sim.data")
    return sorted(
        f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml")
    )


def builtin_text(name: str) -> str:
    """The file of a built-in scenario."""
    return (files("retailsim.sim.data") / f"{name}.toml").read_text(encoding="utf-8")


def builtin_about(name: str) -> str:
    """What a built-in scenario is about: the first sentence of the comment that it begins with."""
    lines: list[str] = []
    for line in builtin_text(name).splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.removeprefix("#").strip())
    sentence = _SENTENCE.match(" ".join(lines))
    return sentence[0] if sentence else ""
