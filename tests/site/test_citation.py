"""The page on citing and CITATION.cff name what pyproject.toml says."""

from __future__ import annotations

import tomllib

import yaml

from tests.sim.runs import ROOT


def test_what_is_cited_is_this_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    page = (ROOT / "docs" / "citing.md").read_text(encoding="utf-8")
    assert (cited["version"], cited["license"]) == (project["version"], project["license"])
    assert f"version = {{{project['version']}}}" in page
    assert cited["authors"] == [{"name": author["name"]} for author in project["authors"]]
