"""The packages that some of the program needs beside its own, by extra, and how to install them."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

MODULES: Mapping[str, str] = {
    "altair": "analysis",
    "jinja2": "analysis",
    "krippendorff": "analysis",
    "scipy": "analysis",
    "sklearn": "analysis",
    "statsmodels": "analysis",
    "threadpoolctl": "analysis",
    "vl_convert": "analysis",
    "playwright": "browser",
    "wordllama": "embedding",
    "sentence_transformers": "embedding-large",
    "genai_prices": "prices",
    "gymnasium": "rl",
    "pettingzoo": "rl",
    "ray": "cluster",
    "obstore": "store",
    "zstandard": "zstd",
}
"""The extra that brings a module."""


def extra_of(error: ModuleNotFoundError) -> str | None:
    """Return the extra that brings the module which was not found, or None where none does."""
    return MODULES.get((error.name or "").partition(".")[0])


def how_to_install(extra: str) -> str:
    """Return the command that installs an extra into the environment of this process.

    From a clone it is the project itself, at the tested versions. Elsewhere it is the extra's
    packages one by one, since no index has the project.
    """
    python = [_from_here(Path(sys.executable)), "-m", "pip", "install"]
    root = Path(__file__).resolve().parents[1]
    if (root / "pyproject.toml").is_file():
        here = _from_here(root)
        versions = ["-c", _from_here(root / "constraints.txt")]
        # Quoted also where a shell would not mind: `.[analysis]` is a pattern to some.
        return f"{shlex.join([*python, *versions, '-e'])} '{here}[{extra}]'"
    return shlex.join([*python, *_packages(extra)])


def _packages(extra: str) -> list[str]:
    try:
        said = requires("retailsim") or []
    except PackageNotFoundError:
        said = []
    wanted = [one.partition(";") for one in said]
    return [name.strip() for name, _, when in wanted if f'"{extra}"' in when.replace("'", '"')] or [
        module for module, its in MODULES.items() if its == extra
    ]


def _from_here(path: Path) -> str:
    """Return a path as it is typed here: relative where it lies below the current folder."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
