"""What a user can do wrong with the program, each as one clear line, with its exit status."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from errno import EIO
from pathlib import Path

from retailsim.events.errors import DISK_FULL, RetailSimError
from retailsim.events.extras import extra_of, how_to_install


class SimError(RetailSimError):
    """Base of everything this package raises for its users."""


class BadScenario(SimError):
    """A scenario cannot be read or makes no sense; says where in it."""

    def __init__(self, source: str, problem: str) -> None:
        super().__init__(f"{source}: {problem}")


class NoScenario(SimError):
    """Neither a file nor a built-in scenario has this name."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        here = "it is a folder" if Path(name).is_dir() else "there is no such file"
        close = get_close_matches(name, known, n=1)
        hint = f"; did you mean {close[0]}?" if close else ""
        super().__init__(
            f"no scenario {name!r}: {here}, and the built-in ones are {', '.join(known)}{hint}"
        )


class NoScenarioAtAll(SimError):
    """A text is named where a scenario is expected, and is neither one nor a catalogue."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path} is a text, neither a scenario (TOML) nor a catalogue (a table of products). "
            'A pitch is spoken by a seller with agent = "script" and '
            f'pitch_file = "{path.name}"'
        )


class CatalogueForScenario(SimError):
    """A catalogue is named where only a scenario will do; says how to make one of it."""

    def __init__(self, path: str, command: str) -> None:
        super().__init__(
            f"{path} is no scenario but, it seems, a catalogue. To make a scenario of it: {command}"
        )


class BadSetting(SimError):
    """A --set argument is not KEY=VALUE, or its key leads nowhere."""

    def __init__(self, text: str, problem: str) -> None:
        super().__init__(f"--set {text}: {problem}")


class RunExists(SimError):
    """The folder for a new run holds something, or is not a folder."""

    def __init__(self, path: Path) -> None:
        if path.is_dir():
            resumed = ", or resume the run" if (path / "run.toml").is_file() else ""
            super().__init__(f"{path} exists and is not empty: choose another --out{resumed}")
        else:
            super().__init__(f"{path} exists and is not a folder: choose another --out")


class OtherArms(SimError):
    """The folder for several runs holds those of other words."""

    def __init__(self, path: Path, mark: str) -> None:
        what = mark.partition(".")[0]
        super().__init__(
            f"{path} holds the runs of another {what}: choose another --out, or go on with it by "
            f"the words that it was begun with ({path / mark})"
        )


class NotARunFolder(SimError):
    """A folder is not a run folder."""

    def __init__(self, path: Path, problem: str) -> None:
        if not path.exists():
            problem = "there is no such folder"
        elif not path.is_dir():
            problem = "it is a file"
        super().__init__(f"{path} is not a run folder: {problem}")


class LeadsOut(SimError):
    """A place that is written to in a run's folder is a link out of it."""

    def __init__(self, place: Path, advice: str) -> None:
        super().__init__(f"{place} leads out of the run's folder, and is not written to; {advice}")


class OtherCurrency(SimError):
    """Runs are in different currencies: their amounts cannot be put together."""

    def __init__(self, first: Path, one: str, second: Path, two: str) -> None:
        super().__init__(
            f"{first} is in {one}, {second} in {two}: amounts of two currencies cannot be put "
            "together; compare runs of one currency"
        )


class RunChanged(SimError):
    """Something that a run depends on is not what it was when the run was made."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(f"{path}: {problem}")


class SessionAgents(SimError):
    """A run has agents that no other process has, and would have to be played by one."""

    def __init__(self, run: Path, names: Sequence[str], what: str) -> None:
        super().__init__(
            f"{run} cannot be {what}: {_in_session(names)}, and only that session had "
            "the code; put it into a file and name it module:Class in a new run"
        )


class PlayedOutside(SimError):
    """Only an environment plays some seats, and somebody else was to."""

    def __init__(self, source: object, seats: Sequence[str], what: str) -> None:
        super().__init__(
            f"{source} cannot be {what}: only an environment plays {', '.join(seats)}, "
            "see docs/environments.md"
        )


class PlayedByPeople(SimError):
    """People take some seats, and there is no page where they could."""

    def __init__(self, source: object, seats: Sequence[str], what: str) -> None:
        told = f"{', '.join(seats[:4])}{' and others' if len(seats) > 4 else ''}"
        super().__init__(
            f"{source} cannot be {what} here: a person takes {told}; "
            "use `play`, or for a study `study`, which have pages for that"
        )


class NoPerson(SimError):
    """What a person came to was asked of a seat that nobody takes."""

    def __init__(self, run: object, seat: str) -> None:
        super().__init__(f"{run}: no person takes a seat called {seat!r}; write buyer:ID")


class PeopleTogether(SimError):
    """A person would share a market with others' episodes, who would all wait for one another."""

    def __init__(self, source: object, market: str, episodes: int, remedy: str) -> None:
        super().__init__(
            f"{source}: a person would sit in market {market} with {episodes} episodes, and they "
            f"would wait for one another: {remedy}"
        )


class PeopleAlone(SimError):
    """Several processes were to play a run in which people take seats."""

    def __init__(self, source: object, workers: int) -> None:
        super().__init__(
            f"{source}: run.workers = {workers}, but people are asked by one process: set it to 1"
        )


class TooLarge(SimError):
    """A scenario asks for more episodes than any run can have."""

    def __init__(self, source: str, episodes: int, most: int) -> None:
        super().__init__(
            f"{source}: {episodes:,} episodes; a run has at most {most:,}. Ask for fewer "
            "design.replications, products, sellers or buyers"
        )


class BadShares(SimError):
    """A run cannot be divided into so many shares."""

    def __init__(self, shares: int, cells: int, most: int) -> None:
        fit = min(cells, most)
        why = "each needs a market" if cells <= most else "a log has no more shards"
        super().__init__(f"--shares {shares:,}: at most {fit:,}, since {why}; ask for fewer")


class NotGathered(SimError):
    """A run in shares is to be continued as if one machine played it."""

    def __init__(self, run: object, program: str) -> None:
        super().__init__(
            f"{run} is played in shares: play those that are missing with "
            f"`{program} shard {run} --share I`, then `{program} gather {run}`"
        )


class OnlyLookedAt(SimError):
    """A run in a store is to be changed."""

    def __init__(self, run: Path) -> None:
        super().__init__(
            f"{run} is a view of a run in a store, where runs are only looked at; "
            "copy the run to a disk to go on with it"
        )


class Untrusted(SimError):
    """A run folder that was not launched here brings code, or sends keys somewhere."""

    def __init__(self, run: Path, brings: Sequence[str], what: str) -> None:
        super().__init__(
            f"{run} cannot be {what}: it was not launched on this machine by you and brings "
            f"{'; '.join(brings[:4])}{' and more' if len(brings) > 4 else ''}. "
            "Look at it, and add --trust if nothing is wrong with it"
        )


class SessionAgentsAlone(SimError):
    """Agents that only this process has were to be played by several."""

    def __init__(self, names: Sequence[str], workers: int) -> None:
        super().__init__(
            f"workers = {workers}: {_in_session(names)}, so only one process can "
            "play it; use one worker, or put the code into a file and name it module:Class"
        )


def _in_session(names: Sequence[str]) -> str:
    named = " and ".join(name.partition(":")[2] for name in names)
    classes = f"the class {named} was" if len(names) == 1 else f"the classes {named} were"
    return f"{classes} defined in a notebook or script"


class WorkerFailed(SimError):
    """A worker process ended before its work was done; what it wrote is kept.

    With ``alone`` the other workers may go on.
    """

    def __init__(self, line: str, status: int, *, alone: bool = False) -> None:
        super().__init__(line)
        self.exit_status = status
        self.alone = alone


class CannotWrite(SimError):
    """A place that cannot be written; on a full disk what is written is kept, to be resumed.

    Parameters
    ----------
    what : str
        The place.
    cause : OSError
        Why: a full disk ends with status 3, a place that can never be written with 2.
    advice : str
        What to do.
    """

    def __init__(self, what: object, cause: OSError, advice: str) -> None:
        super().__init__(f"{what}: {cause.strerror or cause}; {advice}")
        # Polars says EIO where the end of a Parquet file finds no room.
        full = cause.errno in DISK_FULL or cause.errno == EIO
        self.exit_status = 3 if full else 2


class MarketDiverged(SimError):
    """A market, played again, did not give the events that are in the log."""

    def __init__(self, market: str, problem: str) -> None:
        super().__init__(
            f"market {market} does not match its log when played again: {problem}; "
            "an agent is not a deterministic function of its messages, or its code was changed"
        )


class MarketStandsStill(SimError):
    """Nothing is due in a market that has not ended: a mistake in its protocol's rules."""

    def __init__(self, market: str) -> None:
        problem = "nothing is due any more, but not all of its episodes have ended"
        super().__init__(f"market {market} came to a standstill: {problem}; correct its protocol")


class UndeclaredEvent(SimError):
    """A protocol of others logs an event that it does not name among its own."""

    def __init__(self, market: str, kind: str) -> None:
        super().__init__(
            f"market {market}: its protocol logs {kind}, which it does not declare; "
            "name the class in the events of its MarketRules"
        )


class ModelsStopped(SimError):
    """A provider is down or refuses everything, or the budget is used up; all answers are kept.

    Parameters
    ----------
    wrong : bool
        Whether nothing was ever answered, so that what was configured is wrong.
    alone : bool
        Whether other workers may go on.
    spent_nanousd : int or None
        What this execution spent, where that is known.
    needs_nanousd : int
        Of a budget: what has to be free for the next step.
    """

    exit_status = 3

    def __init__(
        self,
        line: str,
        *,
        wrong: bool = False,
        alone: bool = False,
        spent_nanousd: int | None = None,
        needs_nanousd: int = 0,
    ) -> None:
        super().__init__(line)
        self.alone = alone
        self.spent_nanousd = spent_nanousd
        self.needs_nanousd = needs_nanousd
        if wrong:
            self.exit_status = 2


class WireStopped(SimError):
    """An agent over HTTP is not there; all answers are kept.

    Parameters
    ----------
    wrong : bool
        Whether none ever answered, so that what was configured is wrong.
    """

    exit_status = 3

    def __init__(self, line: str, *, wrong: bool) -> None:
        super().__init__(line)
        if wrong:
            self.exit_status = 2


class MissingExtra(SimError):
    """A command needs packages that are not installed."""

    def __init__(self, command: str, package: str, extra: str) -> None:
        super().__init__(
            f"{command} needs the package {package}, which is not installed; "
            f"install it: {how_to_install(extra)}"
        )


@contextmanager
def packages_for(command: str) -> Iterator[None]:
    """Say in one clear line that an import of the block needs a package that is not installed.

    Raises
    ------
    MissingExtra
        If it does.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        extra = extra_of(error) or "analysis"
        raise MissingExtra(command, error.name or "a package", extra) from None


class UnknownPrice(SimError):
    """A budget cannot be held with a model whose price is unknown."""

    def __init__(self, name: str, advice: str) -> None:
        super().__init__(f"--budget: the price of model {name!r} is unknown; {advice}")
