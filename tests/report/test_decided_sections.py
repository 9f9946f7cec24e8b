"""Sections on decided episodes stand in one list, which the report and the studio both read."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from retailsim.analysis.exhibits.parts import Section
from retailsim.analysis.measures import estimates
from retailsim.analysis.projection.loader import load
from retailsim.analysis.replay.replay import Replay, replay
from retailsim.analysis.report import content
from retailsim.analysis.report.content import Maker
from retailsim.analysis.report.measure_views import Own
from retailsim.sim.studio.overview.reading import PAIRS, read
from tests.sim.runs import launched

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sections") / "run"
    one = ("--sellers", "plain-dealer,quiet-clerk", "--buyers", "easy-shopper")
    launched(folder, *one, "--set", "products.per_category=1")
    return folder


def test_a_section_is_called_in_the_list_what_it_calls_itself(run: Path) -> None:
    some = estimates.decided(content.shown_columns(load(run).episodes, ()))
    for name, make in content.decided_sections(replay(run), some, ()).items():
        section = make()
        assert section is None or section.name == name


def test_a_section_more_is_in_the_report_and_in_the_studio(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = content.decided_sections

    def with_one_more(replay: Replay, some: pl.DataFrame, own: Own) -> dict[str, Maker]:
        return {**whole(replay, some, own), "more": lambda: Section(name="more", title="More")}

    monkeypatch.setattr(content, "decided_sections", with_one_more)
    reported = [section.name for section in content.report(run, {}).sections]
    shown = [made.name for make in read(run).sections() if (made := make()) is not None]
    assert "more" in reported
    assert sorted(shown) == sorted({*reported, "each-pair"} - {"examples"})
    assert shown.index(PAIRS) < shown.index("each-pair") < shown.index("more")
