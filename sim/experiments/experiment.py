"""`experiment NAME`: runs a preset's arms and prints its table beside the published one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from retailsim.sim.errors import BadScenario, packages_for
from retailsim.sim.experiments import arm_runs
from retailsim.sim.experiments.arm_runs import ArmPlayer, QuietArms, play_arm, say_cost
from retailsim.sim.experiments.experiment_output import draw, tell
from retailsim.sim.experiments.presets import LOOPS, ExperimentArm, arms_of
from retailsim.sim.folder.default_folder import default_folder
from retailsim.sim.folder.open_studios import tell_study
from retailsim.sim.terminal.audience import Audience
from retailsim.sim.terminal.program_name import program_name
from retailsim.sim.terminal.terminal import Terminal

if TYPE_CHECKING:
    from retailsim.sim.experiments.seed_cells import SeedCells
    from retailsim.sim.run.launch_options import Options


class ExperimentOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the command was told."""

    name: str
    out: Path | None = None
    settings: tuple[str, ...] = ()
    sellers: str | None = None
    buyers: str | None = None
    workers: int | None = None
    seed: int | None = None
    budget: float | None = None
    plan: bool = False
    pilot: Path | None = None
    features: str = "tfidf"
    ratings: tuple[Path, ...] = ()
    charts: Literal["png", "svg"] | None = None
    full: bool = False
    folds: int = 1


def experiment(asked: ExperimentOptions, terminal: Terminal) -> int:
    """Run an experiment and print its table; returns the exit status."""
    if asked.name in LOOPS:
        return _loop(asked, terminal)
    if asked.full:
        raise BadScenario("--full", f"is for {', '.join(LOOPS)} only; {asked.name} has one size")
    if asked.folds > 1:
        raise BadScenario(
            "--folds", f"is for {', '.join(LOOPS)} only; in {asked.name} nothing is learnt"
        )
    arms = arms_of(asked.name)
    check_extras()
    if asked.plan:
        from retailsim.sim.experiments.experiment_plan import show_experiment_plan

        plans = {arm.label: _options(asked, arm, None) for arm in arms}
        return show_experiment_plan(asked.name, plans, terminal, asked.pilot)
    if asked.pilot is not None:
        raise BadScenario("experiment", "--pilot goes with --plan: add it")
    if asked.ratings:
        return _rated(asked, terminal)
    folder = folder_of(asked)
    status, runs = ran(asked, folder, terminal, QuietArms())
    if status:
        return status
    say_cost(folder, terminal)
    if asked.name == "fidelity":
        _write_forms(folder, terminal)
    charts = (folder, asked.charts) if asked.charts else None
    show(asked.name, runs, terminal, asked.features, charts, as_shipped=_as_shipped(asked))
    tell_study(terminal, folder)
    return 0


def _loop(asked: ExperimentOptions, terminal: Terminal) -> int:
    from retailsim.sim.scenario.protocol import work_of

    for name in ("sellers", "budget", "plan", "pilot", "ratings", "workers"):
        if getattr(asked, name):
            raise BadScenario(f"--{name}", f"does not go with {asked.name}")
    check_extras()
    folder = folder_of(asked)
    begin(asked, folder)
    return work_of(f"experiment {asked.name}")(terminal, asked=asked, folder=folder)


def _as_shipped(asked: ExperimentOptions) -> bool:
    """Whether the scenarios are played as they ship, so that what was fitted is what is played."""
    return not (asked.settings or asked.sellers or asked.buyers)


def folder_of(asked: ExperimentOptions) -> Path:
    """Return where an experiment's runs go."""
    return asked.out or default_folder(asked.name)


def check_extras() -> None:
    """Fail before anything is run where a table could not be made; raises `MissingExtra`."""
    with packages_for("experiment"):
        import retailsim.analysis.experiments.outcomes  # noqa: F401


def ran(
    asked: ExperimentOptions, folder: Path, audience: Audience, player: ArmPlayer
) -> tuple[int, dict[str, Path]]:
    """Play what is missing of an experiment; returns the status and its runs by their labels.

    The status is not 0 where an arm stopped early: the same words go on with it.

    Raises
    ------
    RunExists
        If the folder holds anything else.
    CannotWrite
    """
    arms = arms_of(asked.name)
    if asked.name == "latent-persona":
        from retailsim.analysis.latent.features import by_name

        by_name(asked.features)  # to fail before anything is run
    begin(asked, folder)
    for arm in arms:
        audience.say(f"{asked.name}: {arm.label}")
        options = _options(asked, arm, folder / arm.label)
        status = play_arm(options, folder, audience, player, "experiment")
        if status:
            return status, {}
    return 0, {arm.label: folder / arm.label for arm in arms}


FORMS = "annotation"
"""Where `experiment fidelity` puts its forms, beside its run."""


def _write_forms(folder: Path, terminal: Terminal) -> None:
    from retailsim.sim.raters.annotate import export

    place = folder / FORMS
    if not (place / "key.json").is_file():
        export(folder / "all", place)
    terminal.say(
        f"forms: {place}; give form.html to each rater, then: {program_name()} experiment fidelity "
        f"--out {folder} --ratings FILE ..."
    )


def _options(asked: ExperimentOptions, arm: ExperimentArm, out: Path | None) -> Options:
    from retailsim.sim.run.launch_options import Options

    return Options(
        scenario=arm.scenario,
        seed=asked.seed,
        out=out,
        workers=asked.workers,
        sellers=asked.sellers,
        buyers=asked.buyers,
        budget=asked.budget,
        parts=True,
        settings=(*arm.settings, *asked.settings),
    )


MARK = "experiment.json"
"""What an experiment was told, in its folder: the same words go on with it."""


def begin(asked: ExperimentOptions, folder: Path) -> None:
    """Make the experiment's folder, or see that it is the one of this experiment.

    Raises
    ------
    RunExists
        If the folder holds anything else.
    CannotWrite
    """
    words: list[object] = [asked.name, asked.settings, asked.sellers, asked.buyers, asked.seed]
    words += ["full"] * asked.full + [f"{asked.folds} folds"] * (asked.folds > 1)
    told = msgspec.json.encode(words, order="sorted")
    arm_runs.begin(folder, MARK, told)


def show(
    name: str,
    runs: Mapping[str, Path],
    terminal: Terminal,
    features: str = "tfidf",
    charts: tuple[Path, Literal["png", "svg"]] | None = None,
    *,
    as_shipped: bool = False,
) -> int:
    """Print an experiment's table from its runs, and draw its figures into a folder.

    Parameters
    ----------
    runs : mapping of str to Path
        The folders of its runs, by the labels of its arms.
    features : str
        Of texts, for ``latent-persona``.
    charts : (Path, {"png", "svg"}) or None
        Where figures go and how they are drawn; None: nowhere.
    as_shipped : bool
        Whether the runs are of the built-in scenarios as they ship; then the figures that were
        fitted are shown with what other seeds give.

    Returns
    -------
    int
        The exit status.

    Raises
    ------
    AnalysisError
        If a run cannot be read, or says too little for the table.
    CannotWrite
        If the folder of the figures cannot be written.
    """
    from retailsim.sim.experiments.played_outcome import played_outcome

    outcome = played_outcome(name, runs, features)
    tell(name, runs, outcome, terminal, _fitted(name, runs) if as_shipped else None)
    if charts is not None:
        draw(name, outcome, *charts, terminal)
    return 0


def _fitted(name: str, runs: Mapping[str, Path]) -> SeedCells | None:
    from retailsim.sim.experiments.seed_cells import seed_cells

    return seed_cells(runs, {arm.label: arm.scenario for arm in arms_of(name) if not arm.settings})


def _rated(asked: ExperimentOptions, terminal: Terminal) -> int:
    """Print Table 1 from filled forms of an earlier `experiment fidelity --out`."""
    from retailsim.analysis.annotation.rated_outcome import rated_outcome
    from retailsim.sim.raters.annotate import scored

    if asked.name != "fidelity" or asked.out is None:
        raise BadScenario(
            "--ratings", "needs the folder of the first run: experiment fidelity --out DIR"
        )
    scores = scored(asked.out / FORMS, asked.ratings)
    for line in scores.dirty:
        terminal.say(line)
    run = asked.out / "all"
    tell("fidelity", {"all": run}, rated_outcome(run, scores), terminal)
    return 0
