"""`report`: one HTML file of a run, and its charts as files on request."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from retailsim.analysis.report.page_file import check_chart, check_page
from retailsim.sim.environments.episodes import adaptive_sellers
from retailsim.sim.errors import CannotWrite, packages_for
from retailsim.sim.folder.currency import in_currency_of
from retailsim.sim.folder.participants import REHEARSED
from retailsim.sim.folder.run_folder import RunFile, RunFolder, as_toml
from retailsim.sim.terminal.new_folders import new_folders_told
from retailsim.sim.terminal.terminal import Terminal

_NO_LINK = "remove the link, or name another file with --out"


def write_report(
    path: Path, out: Path | None, charts: Literal["png", "svg"] | None, terminal: Terminal
) -> int:
    """Write the report of a run; returns the exit status.

    Parameters
    ----------
    out : Path or None
        The file; None: ``report.html`` among the run's derived files.
    charts : {"png", "svg"} or None
        Whether every chart is written beside it, too.
    """
    with new_folders_told(out, terminal):
        made = made_report(path, out, charts)
    for chart in made.charts:
        terminal.say(f"chart: {chart}")
    terminal.out(f"report: {made.path}")
    return 0


class MadeReport(msgspec.Struct, frozen=True, kw_only=True):
    """Where a report is, and the charts beside it."""

    path: Path
    charts: tuple[Path, ...]


def made_report(
    path: Path, out: Path | None = None, charts: Literal["png", "svg"] | None = None
) -> MadeReport:
    """Write the report of a run; parameters are those of `write_report`.

    Raises
    ------
    MissingExtra
    CannotWrite
        If the file cannot be written.
    LeadsOut
        If it is in the run's folder, where a link leads out of it.
    InsideRun, InTheWay
        If it is among what a run is made of, or holds something else.
    """
    run = RunFolder(path)
    file = run.read()
    target = out or path / "derived" / "report.html"
    run.check_places(target, advice=_NO_LINK)
    check_page(target, "--out")
    drawn: list[Path] = []
    with packages_for("report"):
        from retailsim.analysis.report.content import report
        from retailsim.analysis.report.images import save
        from retailsim.analysis.report.page import page
    with in_currency_of(path):
        found = report(path, about(file), adaptive_sellers(file.scenario))
    figures = [figure for section in found.sections for figure in section.figures]
    images = [target.with_name(f"{one.name}.{charts}") for one in figures] if charts else []
    run.check_places(*images, advice=_NO_LINK)
    for image in images:
        check_chart(image, target, "--out")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(page(found), encoding="utf-8")
        if charts is not None:
            drawn = [save(figure, target.parent, charts) for figure in figures]
    except OSError as error:
        raise CannotWrite(target, error, "name another file with --out") from None
    return MadeReport(path=target, charts=tuple(drawn))


def check_extras() -> None:
    """Fail where no report can be made; raises `MissingExtra`."""
    with packages_for("report"):
        import retailsim.analysis.report.content
        import retailsim.analysis.report.images
        import retailsim.analysis.report.page  # noqa: F401 - asked for, not used


def about(file: RunFile) -> dict[str, str]:
    """Say how a run was made."""
    scenario, versions = file.scenario, file.versions
    made = {
        "run": scenario.run.name,
        "seed": str(scenario.run.seed),
        "protocol": scenario.design.protocol,
        "package": versions.package,
        "event schema": str(versions.event_schema),
        "prompts": versions.prompts or "–",
        "inputs": ", ".join(f"{name} ({digest[:12]})" for name, digest in file.inputs.items()),
    }
    if file.behavioral is not None:
        made["behavioral agents"] = str(file.behavioral)
        if file.behavioral.anchor is not None:
            made["anchor"] = ". ".join(file.behavioral.anchor.said)
    if file.plugins:
        plugins = (f"{name} ({digest[:12]})" for name, digest in file.plugins.items())
        made["plug-ins"] = ", ".join(plugins)
    if file.imported:
        made["imported from"] = file.imported
    if scenario.study is not None and scenario.study.rehearsal:
        made["rehearsal"] = REHEARSED
    if file.rewritten:
        made["rewritten from run"] = file.rewritten
    return {**made, "scenario": as_toml(file)}
