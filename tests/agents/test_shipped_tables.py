"""The files of parameters that come along are parsed once, and nobody spoils them for others."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from retailsim.agents import parameter_files
from retailsim.agents.parameter_files import shipped_tables


def test_a_file_is_parsed_once_and_each_caller_has_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []
    loads = tomllib.loads

    def counting(text: str) -> dict[str, Any]:
        parsed.append(text)
        return loads(text)

    parameter_files._parsed.cache_clear()
    monkeypatch.setattr(tomllib, "loads", counting)
    first = shipped_tables("behavioral.toml")
    before = repr(first)
    for table in first.values():
        table.clear()
    assert repr(shipped_tables("behavioral.toml")) == before
    assert len(parsed) == 1
