"""`experiment policy`: the loop once around: collect, mine, learn, evaluate, play held-out.

Everything is kept in the experiment's folder as soon as it is there, so the same words go on with
an experiment that was stopped.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import numpy as np

from retailsim.analysis.report.page_file import check_page
from retailsim.events.whole_file import written_whole
from retailsim.sim.environments.csales.episodes import Episodes
from retailsim.sim.errors import BadScenario
from retailsim.sim.execution.as_ctrl_c import as_ctrl_c
from retailsim.sim.experiments.arm_runs import goes_on
from retailsim.sim.experiments.experiment import ExperimentOptions
from retailsim.sim.experiments.experiment_output import draw, tell
from retailsim.sim.learning.course import Lessons
from retailsim.sim.learning.csales.contest import (
    OLD,
    Seat,
    baselines,
    digests,
    held_out,
    policy_seat,
)
from retailsim.sim.learning.csales.counts import COUNTS
from retailsim.sim.learning.csales.course import Course
from retailsim.sim.learning.csales.folds import (
    HALVES,
    of_half,
    pooled_outcome,
    refuse_halves,
    shelves_of,
)
from retailsim.sim.learning.csales.learn import REWARD, TRAINING
from retailsim.sim.learning.csales.loop_outcome import Found, outcome_of, write_page
from retailsim.sim.learning.csales.loop_plan import (
    FULL,
    LIMITS,
    QUICK,
    Places,
    Sizes,
    frontier_names,
    learnt_names,
)
from retailsim.sim.learning.csales.offline import from_logs
from retailsim.sim.learning.csales.own_rates import with_bounds
from retailsim.sim.learning.csales.playing import Outcomes
from retailsim.sim.learning.csales.stress import MOVED, moved
from retailsim.sim.learning.limits import Limit
from retailsim.sim.play.progress import Progress
from retailsim.sim.protocols.csales.design import action_table
from retailsim.sim.run.launch import launch, read_scenario
from retailsim.sim.run.launch_options import Options
from retailsim.sim.run.resume import resume
from retailsim.sim.terminal.terminal import Quiet, Terminal

SCENARIO = "csales"
TERM = "over_budget"
"""What is limited, to what `csi` comes to; the frontier runs along it."""
EXPLORING = 0.1
"""How often `csi` takes any legal option while the log is collected."""
JUDGED = 11
"""Seed of what is played held out, unless the experiment has one."""
FIRST = 1
"""The first training seed; after the experiment's own where it has one, so that all are others."""


def experiment(terminal: Terminal, *, asked: ExperimentOptions, folder: Path) -> int:
    """Go through the loop, and print its table; returns the exit status."""
    sizes = FULL if asked.full else QUICK
    check_page(folder / "report.html", "--out")
    if asked.folds > 1:
        return _folds(terminal, asked, folder, sizes)
    loop = _Loop(asked, sizes, Places(folder), terminal)
    with as_ctrl_c(lambda: goes_on("experiment", folder)):
        status = loop.collect()
        if status:
            terminal.say(goes_on("experiment", folder))
            return status
        outcome = outcome_of(loop.go())
        write_page(outcome, folder / "report.html")
        draw("policy", outcome, folder, asked.charts or "svg", terminal)
    tell("policy", {"collected": folder / "collected"}, outcome, terminal)
    terminal.say(f"report: {folder / 'report.html'}")
    return 0


def _folds(terminal: Terminal, asked: ExperimentOptions, folder: Path, sizes: Sizes) -> int:
    """Let each half teach and the other judge, and pool what came of it."""
    refuse_halves(asked.settings)
    if asked.charts:
        raise BadScenario("--charts", "there is none with --folds 2: leave it out")
    # What a limit costs, and moved buyers, are of one direction.
    sizes = msgspec.structs.replace(sizes, frontier_seeds=0, moved=0)
    places = {half: Places(folder / f"half-{half}-teaches") for half in HALVES}
    with as_ctrl_c(lambda: goes_on("experiment", folder)):
        folds = {}
        for half, where in places.items():
            terminal.say(f"policy: half {half} teaches")
            loop = _Loop(of_half(asked, half), sizes, where, terminal)
            status = loop.collect()
            if status:
                terminal.say(goes_on("experiment", folder))
                return status
            folds[half] = loop.go()
            write_page(outcome_of(folds[half]), where.folder / "report.html")
        outcome = pooled_outcome(folds, shelves_of(_scenario(asked)))
        write_page(outcome, folder / "report.html")
    tell("policy", {f"half {half}": at.log for half, at in places.items()}, outcome, terminal)
    terminal.say(f"report: {folder / 'report.html'}")
    return 0


def _scenario(asked: ExperimentOptions) -> Options:
    return Options(scenario=SCENARIO, buyers=asked.buyers, settings=tuple(asked.settings))


class _Frozen(msgspec.Struct, frozen=True, kw_only=True):
    """What was written down before anything was learnt."""

    digests: dict[str, str]
    limit: float


class _Loop:
    """The steps, each of which leaves out what is there already."""

    def __init__(
        self, asked: ExperimentOptions, sizes: Sizes, places: Places, terminal: Terminal
    ) -> None:
        self._terminal, self._places = terminal, places
        self._sizes = sizes
        self._seed, self._first = JUDGED, FIRST
        if asked.seed is not None:
            self._seed, self._first = asked.seed, asked.seed + 1
        self._scenario = _scenario(asked)

    @property
    def _training(self) -> Options:
        settings = (*TRAINING, *self._scenario.settings)
        return msgspec.structs.replace(self._scenario, settings=settings)

    def collect(self) -> int:
        """Let `csi` talk, exploring now and then, with the buyers that are learnt from."""
        log = self._places.log
        self._terminal.say("policy: collect a log")
        if (log / "run.toml").is_file():
            return resume(log, Quiet(), workers=None, retry_failed=False, budget=None)
        training, times = self._training, f"design.replications={self._sizes.collected}"
        told = msgspec.structs.replace(
            training,
            seed=self._seed,
            out=log,
            sellers=[{"id": OLD, "agent": "csi", "options": {"explore": EXPLORING}}],
            settings=(*training.settings, times),
        )
        return launch(told, Quiet())

    def go(self) -> Found:
        """Learn, play and return what came of it."""
        self._places.policies.mkdir(parents=True, exist_ok=True)
        actions = action_table(read_scenario(self._training)[0])
        seats = baselines(self._places.policies, actions)
        frozen = self._freeze(seats)
        self._learn(frozen)
        offline = self._offline()
        outcomes = self._held_out(seats)
        return Found(
            sizes=self._sizes,
            log=self._places.log,
            limit=Limit(term=TERM, bound=frozen.limit),
            digests=frozen.digests,
            learnt_alone=offline,
            outcomes=outcomes,
            moved=self._moved(),
            policies={name: self._places.policy(name) for name in self._learnt()},
        )

    def _freeze(self, seats: Sequence[Seat]) -> _Frozen:
        """Write down who is to be beaten, and what may not be exceeded, before learning starts."""
        place = self._places.frozen
        if not place.is_file():
            limits = with_bounds([(TERM, None, False)], self._training, self._terminal)
            frozen = _Frozen(digests=digests(seats), limit=limits[0].bound)
            _keep(place, msgspec.json.format(msgspec.json.encode(frozen)))
        return msgspec.json.decode(place.read_bytes(), type=_Frozen)

    def _learnt(self) -> Iterator[str]:
        yield from learnt_names(self._sizes)
        yield "offline"
        for limit in LIMITS:
            yield from frontier_names(self._sizes, limit)

    def _learn(self, frozen: _Frozen) -> None:
        episodes = Episodes(self._training)
        sizes = self._sizes
        for seed, name in enumerate(learnt_names(sizes), self._first):
            self._course(name, episodes, sizes.conversations, seed, frozen.limit)
        for limit in LIMITS:
            for seed, name in enumerate(frontier_names(sizes, limit), self._first):
                self._course(name, episodes, sizes.frontier_conversations, seed, limit)

    def _course(
        self, name: str, episodes: Episodes, conversations: int, seed: int, limit: float
    ) -> None:
        place = self._places.policy(name)
        if place.is_file():
            return
        self._terminal.say(f"policy: learn {name}")
        lessons = Lessons(
            learner="linucb",
            conversations=conversations,
            seed=seed,
            reward=REWARD,
            limits=(Limit(term=TERM, bound=limit),),
        )
        course = Course(lessons, episodes)
        with self._terminal.progress(conversations) as update:
            for done in course.run():
                if done % 50 == 0:
                    update(Progress(markets=done, episodes=done, failed=course.failed))
        course.policy().save(place)

    def _offline(self) -> str:
        """Learn from the log alone; returns what the log says of it."""
        self._terminal.say("policy: learn from the log")
        found = from_logs([self._places.log], reward=REWARD)
        found.policy.save(self._places.policy("offline"))
        return found.verdict

    def _held_out(self, seats: Sequence[Seat]) -> Outcomes:
        place = self._places.held_out
        if not place.is_file():
            self._terminal.say("policy: play held-out profiles and products")
            learnt = [policy_seat(name, self._places.policy(name)) for name in self._learnt()]
            outcomes = held_out(
                self._scenario,
                [*seats, *learnt],
                seed=self._seed,
                replications=self._sizes.replications,
                counts=COUNTS,
            )
            _keep(place, _encoded({"": outcomes}))
        return _decoded(place)[""]

    def _moved(self) -> dict[str, Outcomes]:
        """Play the old and the new one against buyers that are harder in some way."""
        place = self._places.moved
        if not self._sizes.moved:
            return {}
        if not place.is_file():
            self._terminal.say("policy: play moved buyers")
            seats = [
                {"id": OLD, "agent": "csi", "stream": OLD},
                *(policy_seat(n, self._places.policy(n)) for n in learnt_names(self._sizes)),
            ]
            _keep(place, _encoded({how: self._against(how, seats) for how in MOVED}))
        return _decoded(place)

    def _against(self, how: str, seats: Sequence[Seat]) -> Outcomes:
        scenario = moved(self._scenario, how)
        return held_out(scenario, seats, seed=self._seed, replications=self._sizes.moved)


def _keep(place: Path, data: bytes) -> None:
    """Write a file in one step, so that what is there is whole."""
    with written_whole(place) as new:
        new.write_bytes(data)


def _encoded(outcomes: dict[str, Outcomes]) -> bytes:
    return msgspec.json.encode(
        {
            name: {
                "sellers": one.sellers,
                "profiles": one.profiles,
                "terms": {term: values.tolist() for term, values in one.terms.items()},
            }
            for name, one in outcomes.items()
        }
    )


class _Kept(msgspec.Struct, frozen=True):
    sellers: tuple[str, ...]
    profiles: tuple[str, ...]
    terms: dict[str, list[list[list[float | None]]]]


def _decoded(place: Path) -> dict[str, Outcomes]:
    kept = msgspec.json.decode(place.read_bytes(), type=dict[str, _Kept])
    return {
        name: Outcomes(
            sellers=one.sellers,
            profiles=one.profiles,
            terms={term: np.array(values, np.float64) for term, values in one.terms.items()},
        )
        for name, one in kept.items()
    }
