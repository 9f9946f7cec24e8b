"""What each provider needs beside its name: a miss is one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from retailsim.agents.llm.provider.capabilities import profiles
from retailsim.agents.llm.provider.vendor import VENDORS, vendor_of
from retailsim.agents.llm.types import PROVIDERS, Provider
from tests.llm.faultserver import SPOKEN

PAGE = Path(__file__).resolve().parents[2] / "docs" / "models.md"


@pytest.mark.parametrize("provider", PROVIDERS)
def test_it_has_a_vendor(provider: Provider) -> None:
    assert provider in VENDORS, "no line in agents/llm/provider/vendor.py"


@pytest.mark.parametrize("provider", PROVIDERS)
def test_it_has_an_entry_for_models_that_nobody_knows(provider: Provider) -> None:
    [*last] = [entry.name for entry in profiles() if provider in entry.provider][-1:]
    assert last == [("*",)], 'no entry with name = ["*"] in agents/data/models.toml'


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_tests_speak_to_it(provider: Provider) -> None:
    assert provider in SPOKEN, "no line in SPOKEN of tests/llm/faultserver.py"


@pytest.mark.parametrize("provider", PROVIDERS)
def test_where_its_key_is_kept_is_on_the_page(provider: Provider) -> None:
    for name in vendor_of(provider).key_env[:1]:
        assert f"`{name}`" in PAGE.read_text(), f"docs/models.md does not name {name}"
