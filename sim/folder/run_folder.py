"""The run folder: what a run is made of on disk, and how it comes to be there.

It is built beside its place and renamed into it, so it exists only once it can be resumed, and
it holds copies of everything it depends on, so it can be moved to another machine.
"""

from __future__ import annotations

import errno
import math
import os
import shutil
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec
import tomli_w

from retailsim.events.messages import SCHEMA_VERSION
from retailsim.events.toml_text import parse_toml, unfit_text
from retailsim.events.whole_file import (
    begun,
    leads_out,
    new_name,
    read_bounded,
    sweep,
    written_whole,
)
from retailsim.market.catalogue.product import Product
from retailsim.market.core import embedding
from retailsim.sim.errors import CannotWrite, LeadsOut, NotARunFolder, RunChanged, RunExists
from retailsim.sim.folder.share_plan import SharePlan
from retailsim.sim.scenario.behavioral_values import BehavioralValues
from retailsim.sim.scenario.scenario import Scenario

FORMAT = 1


class Versions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What made the run; a re-execution needs the same.

    Parameters
    ----------
    embedding : str
        Of a run that searches its catalogue by the small embeddings: how the digest of their
        weights begins. Nobody can say it of the large ones, which a hub serves.
    """

    package: str
    event_schema: int
    prompts: str = ""
    embedding: str = ""


class Identity(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which run it is, and where its scenario stood."""

    format: int
    id: str
    scenario_folder: str


class RunFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The contents of ``run.toml``.

    Parameters
    ----------
    inputs : dict of str to str
        SHA-256 of each file under ``inputs/``, by its path there.
    plugins : dict of str to str
        SHA-256 of each plug-in's source, by the name that the scenario gives it.
    session_agents : dict of str to str, or None
        Agents whose class only the session had that made the run: a notebook or a script. By the
        name that the scenario gives them, the file under ``inputs/`` that holds the source. The
        run cannot be played by another process, so neither resumed nor verified.
    imported : str or None
        Where the events come from, if this program did not make them.
    rewritten : str or None
        The identity of the run that it was written from, without some seats of a study.
    budget : float or None
        Dollars that its language models may cost, as last allowed; it holds for a resume, too.
    behavioral : BehavioralValues or None
        What its behavioral agents went by and where it came from, as the launch said. A record:
        what they go by stands in the scenario.
    episodes : int or None
        How many its design has, so that a run that is not finished can say of how many.
    mathematics : str
        The fingerprint of the machine's that made it; empty where nobody took it.
    plan : SharePlan or None
        How it is divided, if it is played in shares.
    """

    run: Identity
    versions: Versions
    scenario: Scenario
    inputs: dict[str, str]
    plugins: dict[str, str] = {}
    session_agents: dict[str, str] | None = None
    imported: str | None = None
    rewritten: str | None = None
    budget: float | None = None
    behavioral: BehavioralValues | None = None
    episodes: int | None = None
    mathematics: str = ""
    plan: SharePlan | None = None


def told_apart(made: Versions, now: Versions) -> str:
    """Say which version made a run and which one this is, with what differs between them."""
    was, now_ = [], []
    if made.event_schema != now.event_schema:
        was.append(f"event schema {made.event_schema}")
        now_.append(f"event schema {now.event_schema}")
    if made.prompts != now.prompts:
        was.append(f"prompts {made.prompts or 'none'}")
        now_.append(f"prompts {now.prompts or 'none'}")
    if made.embedding != now.embedding:
        was.append(f"embeddings {made.embedding or 'none'}")
        now_.append(f"embeddings {now.embedding or 'none'}")
    beside, here = (f" ({', '.join(parts)})" if parts else "" for parts in (was, now_))
    return f"made by version {made.package}{beside}, this is {now.package}{here}"


def versions(scenario: Scenario | None = None) -> Versions:
    """What would make a run of this scenario now; without one, of any that needs nothing special.

    Raises
    ------
    EmbeddingUnavailable
        If it needs embeddings whose package is not installed.
    """
    from retailsim.agents.llm.talk.templates import version as prompts

    small = scenario is not None and scenario.profiles.index == embedding.SMALL
    return Versions(
        package=version("retailsim"),
        event_schema=SCHEMA_VERSION,
        prompts=prompts(),
        embedding=embedding.digest(embedding.SMALL)[:12] if small else "",
    )


class RunFolder:
    """A run on disk; the attributes are its parts."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.events = path / "events"
        self.inputs = path / "inputs"
        self.telemetry = path / "telemetry"
        self.derived = path / "derived"
        self.shares = path / "shares"
        self.gathered = self.shares / "GATHERED"
        self.lock = path / "lock"
        self.hashed = self.derived / "hashed.json"

    def read(self) -> RunFile:
        """Return what ``run.toml`` says.

        Raises
        ------
        NotARunFolder
            If it is missing or cannot be understood.
        """
        path = self.path / "run.toml"
        if path.exists() and not path.is_file():  # a pipe would be waited for without end
            raise NotARunFolder(self.path, "run.toml is no file")
        try:
            tree = parse_toml(read_bounded(path).decode())
            if (place := unfit_text(tree)) is not None:
                raise NotARunFolder(self.path, f"run.toml: {place}: holds the character NUL")
            file = msgspec.convert(tree, RunFile)
        except FileNotFoundError:
            raise NotARunFolder(self.path, "it holds no run.toml") from None
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise NotARunFolder(self.path, f"run.toml cannot be read: {error}") from None
        except msgspec.ValidationError as error:
            raise NotARunFolder(self.path, f"run.toml is of another version: {error}") from None
        if file.budget is not None and not 0 <= file.budget * 1e9 < math.inf:
            raise NotARunFolder(self.path, f"run.toml: budget: {file.budget} is no amount")
        for name in file.inputs:
            if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
                raise NotARunFolder(self.path, f"run.toml: inputs: {name!r} leads out of it")
        return file

    def check_places(self, *places: Path, advice: str = "remove the link") -> None:
        """Refuse to write through links that lead out of the run's folder.

        Parameters
        ----------
        places : Path
            Which are written to, with all that is below them; any out of the folder is right.

        Raises
        ------
        LeadsOut
        """
        for place in places:
            below = place.rglob("*") if place.is_relative_to(self.path) else ()
            for path in (place, *sorted(below)):
                if leads_out(path, self.path):
                    raise LeadsOut(path, advice)

    def write(self, file: RunFile) -> None:
        """Replace ``run.toml`` in one step; raises `CannotWrite`."""
        place = self.path / "run.toml"
        try:
            with written_whole(place) as new:
                new.write_text(as_toml(file), encoding="utf-8")
                _sync(new)
            _sync(self.path)
        except OSError as error:
            raise CannotWrite(place, error, "nothing was changed") from None

    def check_inputs(self, file: RunFile) -> None:
        """Compare the inputs with their digests.

        Raises
        ------
        RunChanged
            Naming the first file that is missing or not what it was.
        """
        for name, digest in file.inputs.items():
            path = self.inputs / name
            if not path.is_file():
                raise RunChanged(path, "an input of the run is missing")
            if file_digest(path) != digest:
                raise RunChanged(path, "an input of the run was changed since it was made")

    def products(self) -> list[Product]:
        """The products the run uses, in the order that numbers its markets."""
        decode = msgspec.json.Decoder(Product).decode
        with (self.inputs / "products.jsonl").open("rb") as lines:
            return [decode(line) for line in lines]

    def files(self, names: Iterable[str]) -> dict[str, bytes]:
        """Inputs of the run's protocol, by name; runs of older versions may not have them all."""
        paths = {name: self.inputs / name for name in names}
        return {name: path.read_bytes() for name, path in paths.items() if path.is_file()}


def file_digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    digest = sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def as_toml(file: RunFile) -> str:
    """Write the contents of ``run.toml``."""
    return tomli_w.dumps(without_none(msgspec.to_builtins(file, builtin_types=_TOML_TYPES)))


class NewRun:
    """A run folder being built; `publish` puts it into its place.

    Raises
    ------
    RunExists
        If something other than an empty folder stands there.
    CannotWrite
        If the folder cannot be made.
    """

    def __init__(self, target: Path) -> None:
        self.target = target
        place = target.resolve()  # a link, or ".", cannot be replaced by a folder
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise RunExists(target)
        self.folder = RunFolder(new_name(place))
        self._held: int | None = None
        sweep(place.parent)
        try:
            with self._writing():
                self._held = begun(self.folder.path, partial(self.folder.path.mkdir, parents=True))
                for part in (self.folder.events, self.folder.inputs, self.folder.telemetry):
                    part.mkdir(parents=True)
        except CannotWrite:
            self.discard()
            raise

    def add(self, name: str, data: bytes) -> None:
        """Write one input."""
        path = self.folder.inputs / name
        with self._writing():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)

    def add_products(self, products: Iterable[Product]) -> None:
        """Write the products used, one line each."""
        encode = msgspec.json.Encoder().encode_lines
        self.add("products.jsonl", encode(products))

    def publish(self, file: RunFile) -> RunFolder:
        """Write ``run.toml``, make everything last, and move the folder into its place."""
        text = as_toml(file)
        with self._writing():
            (self.folder.path / "run.toml").write_text(text, encoding="utf-8")
            (self.folder.path / "lock").touch()
            for path in (self.folder.path, *self.folder.path.rglob("*")):
                _sync(path)
            place = self.target.resolve()
            self.folder.path.rename(place)
            self._release()
            _sync(place.parent)
        return RunFolder(self.target)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
                raise RunExists(self.target) from None  # somebody was quicker
            raise CannotWrite(self.target, error, "no run was made; choose another --out") from None

    def digests(self) -> dict[str, str]:
        """SHA-256 of each input written so far."""
        inputs = self.folder.inputs
        return {
            path.relative_to(inputs).as_posix(): file_digest(path)
            for path in sorted(inputs.rglob("*"))
            if path.is_file()
        }

    def discard(self) -> None:
        """Remove what was built, if it was not published."""
        shutil.rmtree(self.folder.path, ignore_errors=True)
        self._release()

    def _release(self) -> None:
        if self._held is not None:
            os.close(self._held)
            self._held = None


def _sync(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _toml_types() -> tuple[type, ...]:
    import datetime as dt

    return (dt.date, dt.datetime)


_TOML_TYPES = _toml_types()


def without_none(tree: Any) -> Any:
    """TOML has no null: what is None is left out, and comes back as the default."""
    if isinstance(tree, dict):
        return {k: without_none(v) for k, v in tree.items() if v is not None}
    if isinstance(tree, list | tuple):
        return [without_none(item) for item in tree]
    return tree
