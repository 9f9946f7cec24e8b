"""Resume: go on with a run that was stopped, killed, or left with failed episodes."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from retailsim.agents.person.desk import Desk
from retailsim.agents.protocol import PERSON
from retailsim.events.log.elsewhere import STORE
from retailsim.events.log.hashed import write_hashed
from retailsim.events.log.lock import PATIENCE_S, RunLock
from retailsim.events.log.reader import check
from retailsim.events.log.recovery import recover
from retailsim.events.log.seal import matches_seal, remove_seal, write_seal
from retailsim.events.whole_file import sweep
from retailsim.market.core.money import nanodollars
from retailsim.sim.budget.spent import spent_nanodollars
from retailsim.sim.errors import NotGathered, OnlyLookedAt, RunChanged
from retailsim.sim.execution.job import Job, cast_of, raw_specs, run_design
from retailsim.sim.execution.runner import RunControl, RunOutcome, run_to_end
from retailsim.sim.folder.mathematics import other_mathematics
from retailsim.sim.folder.run_folder import RunFile, RunFolder
from retailsim.sim.folder.session_agents import refuse_session_agents
from retailsim.sim.play.retries import (
    attempt,
    next_attempts,
    retry_markets,
    shared_answers,
)
from retailsim.sim.play.survey import survey
from retailsim.sim.run.conclusion import conclude, show_replay
from retailsim.sim.run.made_by import other_version
from retailsim.sim.run.model_settings import with_model_settings
from retailsim.sim.run.page_beside import check_page, page_beside
from retailsim.sim.run.trust import brought, check_trust, remembered
from retailsim.sim.run.wire_settings import ABOUT_SEATS, with_wire_settings
from retailsim.sim.seats.cast import ROLES, refuse_outside, used_models
from retailsim.sim.terminal.audience import Audience
from retailsim.sim.terminal.program_name import program_name
from retailsim.sim.terminal.terminal import Terminal


def resume(
    path: Path,
    terminal: Terminal,
    *,
    workers: int | None,
    retry_failed: bool,
    budget: float | None = None,
    settings: Sequence[str] = (),
    verbose: bool = False,
    trust: bool = False,
    page: bool = False,
) -> int:
    """Play what is missing of a run, and show it; returns the exit status.

    The parameters are those of `go_on`; with `page`, a page follows the run.
    """
    if page:
        check_page()
        RunFolder(path).read()  # what is no run has no page
    with page_beside(path, terminal) if page else nullcontext() as shown:
        outcome = go_on(
            path,
            terminal,
            workers=workers,
            retry_failed=retry_failed,
            budget=budget,
            settings=settings,
            verbose=verbose,
            trust=trust,
        )
        if outcome is None:
            show_replay(RunFolder(path), terminal)
            status = 0
        else:
            status = conclude(RunFolder(path), outcome, terminal)
        if shown is not None and (outcome is None or outcome.finished):
            shown.stay()
    return status


def go_on(
    path: Path,
    audience: Audience,
    *,
    workers: int | None = None,
    retry_failed: bool = False,
    budget: float | None = None,
    settings: Sequence[str] = (),
    verbose: bool = False,
    trust: bool = False,
    control: RunControl | None = None,
    desk: Desk | None = None,
) -> RunOutcome | None:
    """Play what is missing of a run; returns None if nothing is missing.

    ``settings`` change the run's models for good, as `budget` does; people are asked at `desk`.

    Parameters
    ----------
    trust : bool
        Whether its code may run, and keys go where it says, if it was not launched here.

    Raises
    ------
    Untrusted
        If it brings either, and nobody said so.
    NotARunFolder, LeadsOut, RunChanged, LogDamaged, RunInUse
        If the run cannot be continued as it began.
    """
    run = RunFolder(path)
    _check_folder(run)
    with RunLock(run.lock, PATIENCE_S) as lock:
        file = _swept(run)  # whoever held it until now may have changed it
        file = _changed(run, file, settings, trust)
        if file.imported is not None:
            check(run.events)
            again = ", and what was imported cannot be repeated" if retry_failed else ""
            audience.say(f"{path}: nothing to do, it was imported from {file.imported}{again}")
            return None
        _check_versions(run, file)
        recover(run.events)
        job, total, done = missing(run, file, retry_failed=retry_failed, verbose=verbose)
        if done == total:
            _seal(run)
            audience.say(f"{path}: nothing to do, the run is complete")
            return None
        job = _with_desk(job, run, file, desk)
        if differs := other_mathematics(file.mathematics):
            audience.say(f"warning: {path}: {differs}")
        job = _with_budget(job, run, file, budget, audience)
        remove_seal(run.events)
        return run_to_end(
            job,
            workers=_workers(file, workers),
            lock=lock,
            audience=audience,
            total=total,
            done=done,
            control=control,
        )


def _check_folder(run: RunFolder) -> None:
    """Refuse what no process can go on with, and to write where a link leads out of the folder."""
    file = run.read()
    refuse_session_agents(run.path, file, "resumed")
    if (run.events / STORE).exists():
        raise OnlyLookedAt(run.path)
    if file.plan is not None and not run.gathered.exists():
        raise NotGathered(run.path, program_name())
    run.check_places(run.lock, run.events, run.telemetry)


def _swept(run: RunFolder) -> RunFile:
    """Return what the run says, its inputs checked, and remove what a kill left half written."""
    sweep(run.path)
    file = run.read()
    run.check_inputs(file)
    return file


def _seal(run: RunFolder) -> None:
    """Seal a log that is whole, if it was killed between the last event and the seal."""
    if not matches_seal(run.events):
        write_seal(run.events)


def _changed(run: RunFolder, file: RunFile, settings: Sequence[str], trust: bool) -> RunFile:
    """Return the run with its new settings, and keep them, if it can be trusted with them."""
    trust |= remembered(run, file)  # whoever made it may also change it
    wires = [setting for setting in settings if setting.startswith(ABOUT_SEATS)]
    models = [setting for setting in settings if setting not in wires]
    if models:
        file = with_model_settings(file, models)
    if wires:
        file = with_wire_settings(file, wires)
    check_trust(run, file, brought(run, file), trust=trust, what="resumed")
    if settings:
        run.write(file)
    return file


def _workers(file: RunFile, wanted: int | None) -> int:
    workers, models = wanted or file.scenario.run.workers, used_models(file.scenario)
    if any(seat.agent == PERSON for role in ROLES for seat in file.scenario.seats(role)):
        return 1
    if not models:
        return workers
    from retailsim.sim.budget.models import fitting_workers

    return fitting_workers(models, workers)


def _with_desk(job: Job, run: RunFolder, file: RunFile, desk: Desk | None) -> Job:
    refuse_outside(run.path, cast_of(run, file), "resumed", desk=desk is not None)
    return msgspec.structs.replace(job, desk=desk)


def _with_budget(
    job: Job, run: RunFolder, file: RunFile, budget: float | None, audience: Audience
) -> Job:
    """Tell the job what it may spend, by default what it might before, and what is spent."""
    models = used_models(file.scenario)
    if not models:
        if budget is not None:
            audience.say("--budget: no language model takes part, so nothing is spent")
        return job
    from retailsim.sim.budget.models import check_models

    allowed = file.budget if budget is None else budget
    check_models(models, allowed)
    if allowed is None:
        return job
    if allowed != file.budget:
        run.write(msgspec.structs.replace(file, budget=allowed))
    spent = spent_nanodollars(run, models)
    before = ", as before" if budget is None else ""
    audience.say(f"--budget {allowed:g}{before}: {nanodollars(spent)} of it spent")
    return msgspec.structs.replace(job, budget=allowed, spent_nanousd=spent)


def _check_versions(run: RunFolder, file: RunFile) -> None:
    other = other_version(file)
    if other is not None:
        raise RunChanged(
            run.path / "run.toml", f"was {other}: resume with the version that made it"
        )


def missing(
    run: RunFolder, file: RunFile, *, retry_failed: bool, verbose: bool = False
) -> tuple[Job, int, int]:
    """Return what is left to play, the run's episodes in all, and those that are done.

    Raises
    ------
    LogDamaged
        If the log is damaged.
    """
    found = survey(run.events)
    write_hashed(run.hashed, found.log.hashed(datetime.now(UTC)))
    design = run_design(run, file)
    failed = found.failed
    known = found.closed | frozenset(found.begun)
    attempts = [name for name in found.begun if attempt(name)[1]]
    if retry_failed:
        attempts += next_attempts(failed, known)
    retries = tuple(retry_markets(design.markets(), failed, attempts=attempts))
    skip, done = [], 0
    for number, spec in enumerate(design.markets()):
        if spec.id in found.closed:
            skip.append(number)
            done += len(spec.episodes)
    job = Job(
        run=str(run.path),
        skip=tuple(skip),
        extra=raw_specs(retries),
        begun=found.begun,
        shared=shared_answers(run.events, retries, failed),
        verbose=verbose,
    )
    return job, design.episodes + sum(len(spec.episodes) for spec in retries), done
