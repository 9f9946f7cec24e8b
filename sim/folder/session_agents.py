"""Agents of a session: classes from a notebook's cell or a script, which no other process has.

Such a class takes a seat like any plug-in. Nothing can import it again, so one process plays the
run, its source goes into the run's inputs to be read, and ``run.toml`` says that the run can be
neither resumed nor verified.
"""

from __future__ import annotations

import ast
import inspect
import linecache
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FunctionType
from typing import TYPE_CHECKING

from retailsim.agents.base import Agent
from retailsim.market.core.plugin_code import is_foreign
from retailsim.sim.errors import SessionAgents, SessionAgentsAlone

if TYPE_CHECKING:
    from retailsim.sim.folder.run_folder import NewRun, RunFile

FOLDER = "session"
"""Where the sources are, below a run's inputs."""


def importable(cls: type) -> bool:
    """Whether another process finds the class under its module's name."""
    module = sys.modules.get(cls.__module__)
    at_top = getattr(module, cls.__qualname__, None) is cls
    return at_top and cls.__module__ != "__main__" and hasattr(module, "__file__")


def agent_name(cls: type) -> str:
    """Return the name of a class as an agent of a scenario: module:Class."""
    return f"{cls.__module__}:{cls.__qualname__}"


def source_of(cls: type) -> str:
    """Return the source of a class and of those of its bases that nothing else keeps.

    What its methods use beside them, such as functions of other cells, is not in it.
    """
    own = [base for base in reversed(cls.__mro__) if _is_of_session(base)]
    return "\n\n".join(_source(base) for base in own)


def _is_of_session(cls: type) -> bool:
    return is_foreign(cls.__module__) and not importable(cls)


def _source(cls: type) -> str:
    found = next(_as_written(cls), None)
    if found is not None:
        return found
    try:
        return inspect.getsource(cls)
    except (OSError, TypeError):
        return f"# the source of {cls.__qualname__} was not kept\n"


def _as_written(cls: type) -> Iterator[str]:
    """Yield the class as it stands in the files and cells that its methods were compiled from.

    A notebook's cells are no files, but kept where tracebacks look them up. `inspect` finds a
    class by its module's file, which a notebook does not have.
    """
    methods = (value for value in vars(cls).values() if isinstance(value, FunctionType))
    for code in (method.__code__ for method in methods):
        text = "".join(linecache.getlines(code.co_filename))
        for node in ast.walk(ast.parse(text)):
            if not isinstance(node, ast.ClassDef) or node.name != cls.__name__:
                continue
            if node.lineno <= code.co_firstlineno <= (node.end_lineno or 0):
                yield f"{ast.get_source_segment(text, node)}\n"


def recorded(sources: Mapping[str, str], new: NewRun) -> dict[str, str]:
    """Write the sources into a new run; returns the file of each below its inputs."""
    files = {}
    for number, (name, source) in enumerate(sources.items()):
        files[name] = f"{FOLDER}/{number}-{name.rpartition('.')[2].rpartition(':')[2]}.py"
        new.add(files[name], source.encode())
    return files


def check_session_agents(classes: Mapping[str, type[Agent]], workers: int) -> None:
    """Refuse several processes for agents that one alone has; raises `SessionAgentsAlone`."""
    if classes and workers > 1:
        raise SessionAgentsAlone(list(classes), workers)


def refuse_session_agents(run: Path, file: RunFile, what: str) -> None:
    """Refuse to play a run again whose agents nobody has any more; raises `SessionAgents`."""
    if file.session_agents:
        raise SessionAgents(run, list(file.session_agents), what)
