"""Whether this machine plays a share as the run was planned: asked by every worker before it does.

A run on one machine is resumed with a warning where something differs. Here a share is one of
thousands, nobody reads warnings, and what one machine plays differently would be found only when
all of it is verified.
"""

from __future__ import annotations

from retailsim.sim.folder.mathematics import mathematics
from retailsim.sim.folder.own_code import code_digest, hidden_modules, place
from retailsim.sim.folder.run_folder import RunFile, RunFolder
from retailsim.sim.folder.session_agents import refuse_session_agents
from retailsim.sim.folder.share_plan import SharePlan
from retailsim.sim.run.made_by import other_version
from retailsim.sim.run.trust import brought, check_trust
from retailsim.sim.shares.errors import NotPlanned, UnfitWorker


def plan_of(named: object, file: RunFile) -> SharePlan:
    """Return the plan of a run, as people name it; raises `NotPlanned`."""
    if file.plan is None:
        raise NotPlanned(named)
    return file.plan


def check_worker(run: RunFolder, named: object, file: RunFile, *, trust: bool) -> None:
    """Refuse to play shares of a run that would not be played here as they were planned.

    Plug-ins are compared with their digests when they are imported, see `cast_of`.

    Parameters
    ----------
    named : object
        As people name the run.
    trust : bool
        Whether the run's code may run, and keys go where it says, if it was not planned here.

    Raises
    ------
    UnfitWorker
        If versions, the program's files, Python's library or the mathematics are others.
    RunChanged, Untrusted, SessionAgents
        As `resume` does.
    """
    if (other := other_version(file)) is not None:
        raise UnfitWorker(named, f"it was {other}", "install the version that planned it")
    if hidden := hidden_modules():
        problem = f"a file hides a module of Python's library: {', '.join(hidden[:3])}"
        raise UnfitWorker(named, problem, "rename it, or start elsewhere")
    if code_digest() != plan_of(named, file).code:
        problem = f"the program in {place()} has other files than the one that planned it"
        advice = "install the same, or remove what hides it from the search path"
        raise UnfitWorker(named, problem, advice)
    if file.mathematics != mathematics():
        problem = f"its mathematics are {file.mathematics}, this machine's {mathematics()}"
        advice = "play and plan it on machines, or by an image, of one kind"
        raise UnfitWorker(named, problem, advice)
    check_trust(run, file, brought(run, file), trust=trust, what="played")
    run.check_inputs(file)
    refuse_session_agents(run.path, file, "played")
