"""`export`: a run's measures, frames, events or transcripts as one file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from retailsim.sim.errors import CannotWrite, NotARunFolder, SimError
from retailsim.sim.folder.currency import in_currency_of
from retailsim.sim.folder.participants import cautions
from retailsim.sim.folder.run_folder import RunFolder
from retailsim.sim.terminal.terminal import Terminal

if TYPE_CHECKING:
    import polars as pl

    from retailsim.analysis.export.files import Format

What = Literal["measures", "episodes", "markets", "calls", "events", "transcripts", "decisions"]


class NotForTables(SimError):
    """An option of transcripts was given for a table."""

    def __init__(self, what: What) -> None:
        super().__init__(f"--as is for transcripts only; {what} have no speakers")


class NoRewards(SimError):
    """An option of decisions was given for something else."""

    def __init__(self, what: What) -> None:
        super().__init__(f"--reward is for decisions only; {what} have no rewards")


class NoDataset(SimError):
    """Decisions were to be written as a table, or a table as a dataset."""

    def __init__(self, what: What, form: str) -> None:
        super().__init__(
            f"--format {form} is not for {what}: decisions are a Minari dataset (a folder), and "
            "nothing else is one"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportOptions:
    """What to export, and where to.

    Parameters
    ----------
    form : {"parquet", "csv", "jsonl", "minari"} or None
        None: as the file's ending says; decisions are a Minari dataset.
    assistant : {"seller", "buyer"} or None
        Whose part is ``assistant`` in transcripts; None: the seller's.
    force : bool
        Whether a file that is there is replaced.
    reward : tuple of str
        What decisions are paid in, each TERM=WEIGHT; none: as the protocol has it.
    """

    run: Path
    what: What
    out: Path
    form: Format | Literal["minari"] | None = None
    assistant: Literal["seller", "buyer"] | None = None
    force: bool = False
    reward: tuple[str, ...] = ()


def export(asked: ExportOptions, terminal: Terminal) -> int:
    """Write the file; returns the exit status.

    Raises
    ------
    NotForTables, NoRewards, NoDataset
    CannotWrite
        If the disk takes no more; nothing is left of the file.
    UnknownFormat, FileExists, InsideRun
        As `analysis.export.files`.
    NotARun, LogDamaged, LogUnreadable
        As `analysis.projection.loader.load`.
    """
    from retailsim.analysis.export.files import FORMATS, format_of, whole_file
    from retailsim.events.log.seal import is_sealed

    chats = asked.what == "transcripts"
    if asked.assistant and not chats:
        raise NotForTables(asked.what)
    if asked.reward and asked.what != "decisions":
        raise NoRewards(asked.what)
    if asked.form == "minari" or asked.what == "decisions":
        return _dataset(asked, terminal)
    form = format_of(asked.out, asked.form, ("jsonl",) if chats else FORMATS)
    sealed = is_sealed(asked.run)  # before it is read, for it may be meanwhile
    try:
        with whole_file(asked.out, force=asked.force) as file:
            remark = _write(asked, form, file)
    except OSError as error:
        if _is_of(asked.run, error):
            raise
        raise CannotWrite(asked.out, error, "name another file with --out") from None
    terminal.out(f"{asked.what}: {asked.out}")
    for told in (*cautions(asked.run), *_remarks(asked, sealed=sealed), remark):
        if told:
            terminal.say(told)
    return 0


def _dataset(asked: ExportOptions, terminal: Terminal) -> int:
    from retailsim.sim.scenario.protocol import work_of

    if asked.what != "decisions" or asked.form not in (None, "minari"):
        raise NoDataset(asked.what, asked.form or "minari")
    work = work_of("export decisions")
    return work(terminal, run=asked.run, out=asked.out, reward=asked.reward)


def _write(asked: ExportOptions, form: Format, file: Path) -> str:
    """Write the file; returns what a reader of it should know, if anything."""
    from retailsim.analysis import export
    from retailsim.analysis.export.chat import write_transcripts
    from retailsim.analysis.export.files import write_table

    match asked.what:
        case "transcripts":
            with in_currency_of(asked.run):
                spoken = write_transcripts(asked.run, file, asked.assistant or "seller")
            if not spoken:
                return f"no chat holds any speech: {_why_silent(asked.run)}"
        case "events":
            write_table(export.events(asked.run), file, form)
        case "measures":
            write_table(export.measures(asked.run).lazy(), file, form)
        case "episodes" | "markets" | "calls":
            write_table(_frame(asked), file, form)
    return ""


def _why_silent(run: Path) -> str:
    try:
        file = RunFolder(run).read()
    except NotARunFolder:  # a bare log
        return "its log has no texts, or nobody spoke"
    if not file.scenario.design.transcripts:
        return "design.transcripts = false leaves it out of a log"
    protocol = file.scenario.design.protocol
    return f"in the protocol {protocol} nobody speaks, or it does not say how (`chat`)"


def _frame(asked: ExportOptions) -> pl.LazyFrame:
    from retailsim.analysis import load

    frame: pl.DataFrame = getattr(load(asked.run), asked.what)
    return frame.lazy()


def _remarks(asked: ExportOptions, *, sealed: bool) -> Iterator[str]:
    """Yield what a reader of the file should know of the run."""
    from retailsim.analysis import load
    from retailsim.analysis.projection.log_lines import schemas
    from retailsim.events.messages import SCHEMA_VERSION

    run, what = asked.run, asked.what
    found_schemas = sorted(schemas(run))
    newer = [schema for schema in found_schemas if schema > SCHEMA_VERSION]
    older = [schema for schema in found_schemas if schema < SCHEMA_VERSION]
    if newer:
        yield (
            f"the log has events of schema {_listed(newer)}, this program knows {SCHEMA_VERSION}: "
            "what a field means may differ"
        )
    if older and what == "events":  # all else is read into today's meaning
        yield (
            f"events of schema {_listed(older)} are exported as they were written: "
            f"some fields mean something else in schema {SCHEMA_VERSION}"
        )
    if not sealed:
        yield "the run is not finished: the file holds what its log has so far"
    if what == "events":
        return  # they are read without the frames
    found = load(run)
    if not found.episodes["decided"].any():
        yield "no episode of this run came to a decision: there are no rates"
    if what == "calls" and found.calls.is_empty():
        yield "this run recorded no model calls: the file has no rows"


def _is_of(run: Path, error: OSError) -> bool:
    """Whether the run could not be read, rather than the file written."""
    return error.filename is not None and Path(error.filename).is_relative_to(run / "events")


def _listed(schemas: list[int]) -> str:
    return " and ".join(map(str, schemas))
