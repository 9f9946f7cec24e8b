"""An unfinished run is the beginning of the catalogue, no sample of it: said where it is so."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest

from retailsim.analysis.replay.beginning import beginning as begun_of
from retailsim.analysis.replay.replay import replay
from retailsim.analysis.report.content import report
from retailsim.events.log.seal import write_seal
from retailsim.market.catalogue.product_files import Problems, builtin_catalogue, read_products
from retailsim.sim.api.pages import run_page
from retailsim.sim.folder.run_folder import RunFolder
from retailsim.sim.look.side_by_side import side_by_side
from retailsim.sim.run.conclusion import show_replay
from retailsim.sim.terminal.terminal import Terminal
from tests.analysis.fakelog import closed, market, opened, order, write_run

NOT_A_SAMPLE = "not a sample of it: numbers and intervals do not speak of the rest."
IN_ORDER = "[scenario.design]\n"
SOLD = next(iter(read_products(builtin_catalogue(), problems=Problems())))


def unfinished(
    folder: Path, begun: Iterable[int], *, told: str = IN_ORDER, listed: int = 5
) -> Path:
    """Write a run whose catalogue has so many products, of which some were begun."""
    parts = [closed(f"{n}", opened(product=f"p{n}"), order()) for n in begun]
    run = write_run(folder, market("m", *parts), seal=False)
    (run / "run.toml").write_text(told)
    (run / "inputs").mkdir()
    (run / "inputs" / "products.jsonl").write_bytes(
        b"".join(
            msgspec.json.encode(msgspec.structs.replace(SOLD, id=f"p{n}")) + b"\n"
            for n in range(listed)
        )
    )
    return run


def beginning(run: Path) -> str:
    """Return what a replay says of it; empty where that is nothing."""
    return str(replay(run).episodes.beginning or "")


def test_it_says_of_how_many_products(tmp_path: Path) -> None:
    begun = unfinished(tmp_path / "r", [0, 1, 1])
    assert beginning(begun) == (
        f"What is done is the beginning of the catalogue (2 of 5 products), {NOT_A_SAMPLE}"
    )


@pytest.mark.parametrize(
    ("begun", "told"),
    [
        ([0, 1, 2, 3, 4], IN_ORDER),  # all are begun
        ([0, 4], IN_ORDER),  # the last one is
        ([3], IN_ORDER),  # not the beginning
        ([0, 9], IN_ORDER),  # one that is not listed
        ([], IN_ORDER),
        ([0, 1], ""),  # the folder says nothing
        ([0, 1], f'imported = "published"\n{IN_ORDER}'),
        ([0, 1], f"{IN_ORDER}[scenario.study]\nconversations = 2\n"),
        ([0, 1], f"{IN_ORDER}[plan]\nshares = 2\n"),
    ],
)
def test_it_says_nothing_where_that_is_not_so(begun: list[int], told: str, tmp_path: Path) -> None:
    run = unfinished(tmp_path / "r", begun, told=told)
    assert replay(run).partial
    assert beginning(run) == ""


def test_conversations_have_profiles_in_their_order(tmp_path: Path) -> None:
    run = unfinished(tmp_path / "r", [])
    (run / "inputs" / "profiles.jsonl").write_text('{"id":"a"}\n{"id":"b"}\n{"id":"c"}\n')
    played = pl.LazyFrame(
        {
            "product": [None, None],
            "profile": ["a", "b"],
            "superseded": [False, False],
            "status": "closed",
        },
        schema_overrides={"product": pl.String},
    )
    assert "beginning of the list of profiles (2 of 3 profiles), not" in str(begun_of(run, played))


def test_workers_that_run_ahead_leave_gaps(tmp_path: Path) -> None:
    assert "(3 of 9 products)" in beginning(unfinished(tmp_path / "r", [0, 1, 3], listed=9))


@pytest.mark.parametrize(
    "listed",
    [b"{}\n", b'{"id":"\xff"}\n', b'{"id":"p0","x":' + b"[" * 10**5 + b"]" * 10**5 + b"}\n"],
    ids=["no id", "not UTF-8", "deep"],
)
def test_a_list_that_cannot_be_read_says_nothing(listed: bytes, tmp_path: Path) -> None:
    run = unfinished(tmp_path / "r", [0])
    (run / "inputs" / "products.jsonl").write_bytes(listed)
    assert beginning(run) == ""
    shutil.rmtree(run / "inputs")
    assert beginning(run) == ""


def test_a_list_too_large_to_be_ours_is_not_read(tmp_path: Path) -> None:
    run = unfinished(tmp_path / "r", [0])
    with (run / "inputs" / "products.jsonl").open("r+b") as file:
        file.truncate(2**28 + 1)
    assert beginning(run) == ""


@pytest.mark.slow
def test_terminal_and_report_say_it_until_the_run_is_finished(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = unfinished(tmp_path / "r", [0, 1])
    show_replay(RunFolder(run), Terminal())
    shown = re.sub(r"\s+", " ", capsys.readouterr().out)
    page = report(run, {})
    assert f"beginning of the catalogue (2 of 5 products), {NOT_A_SAMPLE}" in shown
    assert any(warning.endswith(NOT_A_SAMPLE) for warning in page.warnings)
    assert "“of this kind” means like the 2 of 5 that were begun" in _summary(page)

    write_seal(run / "events")
    show_replay(RunFolder(run), Terminal())
    assert "beginning of" not in capsys.readouterr().out
    page = report(run, {})
    assert not any("beginning of" in warning for warning in page.warnings)
    assert "begun" not in _summary(page)
    assert b"beginning" not in msgspec.json.encode(replay(run))


def _summary(page: Any) -> str:
    [lead] = [section.lead for section in page.sections if section.name == "summary"]
    return str(lead)


def test_a_comparison_says_it_of_the_run_that_is_not_finished(tmp_path: Path) -> None:
    whole = write_run(tmp_path / "a", market("m", closed("0", opened(product="p0"), order())))
    found = side_by_side(whole, unfinished(tmp_path / "b", [0]))
    [said] = found.unfinished
    assert f"the catalogue (1 of 5 products), {NOT_A_SAMPLE} What is said here may" in said


@dataclass
class _Measured:
    path: Path

    def measures(self) -> dict[str, Any]:
        """Measure it."""
        found: dict[str, Any] = msgspec.to_builtins(replay(self.path))
        return found


def test_a_notebook_says_it_too(tmp_path: Path) -> None:
    run = unfinished(tmp_path / "r", [0, 1])
    assert NOT_A_SAMPLE in run_page(_Measured(run))
