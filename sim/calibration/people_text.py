"""What a fit to people came to, on the terminal within 80 columns and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from textwrap import fill
from typing import TYPE_CHECKING, Any

import msgspec
from rich.box import SIMPLE_HEAD
from rich.table import Table

from retailsim.analysis.measures.value_text import p_told
from retailsim.analysis.statistics.values import Interval
from retailsim.sim.calibration.people_fit import EXCHANGES, Questions
from retailsim.sim.calibration.people_judged import Judged, Part
from retailsim.sim.terminal.terminal import Terminal

if TYPE_CHECKING:
    from retailsim.sim.calibration.people_calibration import PeopleCalibration
    from retailsim.sim.people.counted import PeopleEpisodes

WIDTH = 80

_WORDS: Mapping[Part, str] = {
    "buying": "what is bought",
    "units": "units per order",
    "ratings": "ratings",
    "questions": "questions",
}
_P = "p that nothing differs"
_ALWAYS_HELD = (
    "Never fitted to people, for their episodes do not tell them: spreads (appeal, taste, wallet), "
    "topics, what pitches and answers do, complaints, and refunds, which sellers decide."
)


def as_json(found: PeopleEpisodes, fitted: PeopleCalibration) -> dict[str, Any]:
    """Return what ``--json`` prints."""
    fit = msgspec.structs.asdict(fitted.fit)
    return {
        "run": str(found.run),
        "people": fitted.people,
        "episodes": fitted.episodes,
        "products": fitted.products,
        "cautions": list(found.cautions()),
        "left_out": dict(found.left_out),
        "parameters": msgspec.to_builtins(fit["parameters"]),
        "questions": msgspec.to_builtins(fit["questions"]),
        "held": fit["held"],
        "judged": msgspec.to_builtins(fitted.judged),
        "better": [one.part for one in fitted.better],
        "misfits": [{"part": part, "says": line} for part, line in fitted.misfits],
    }


def show(found: PeopleEpisodes, fitted: PeopleCalibration, terminal: Terminal) -> None:
    """Print a fit: the verdict first."""
    for line in (*(f"This is {one}." for one in found.cautions()), *_verdict(fitted)):
        terminal.out(_folded(line))
    for _, line in fitted.misfits:
        terminal.out(_folded(f"Fits poorly: {line}."))
    terminal.out(
        _folded(
            f"{fitted.people:,} people, {fitted.episodes:,} episodes, {fitted.products:,} products."
        )
    )
    if found.left_out:
        terminal.out("Episodes of people that are left out:")
        for line in found.left_out_told():
            terminal.out(_folded(line))
    terminal.show(_parameters(fitted))
    if fitted.judged:
        terminal.out(
            _folded(
                "On people that the fit had not seen (each half of them by the fit to the other "
                "half), beside the parameters as they are:"
            )
        )
        for one in fitted.judged:
            terminal.out(_folded(_judged(one)))
    for line in _notes(fitted):
        terminal.out(_folded(line))


def _folded(line: str) -> str:
    """Fold a line; what goes on of a list's item stands below it."""
    below = "    " if line.startswith("  - ") else ""
    return fill(
        line, WIDTH, subsequent_indent=below, break_long_words=False, break_on_hyphens=False
    )


def _verdict(fitted: PeopleCalibration) -> Iterator[str]:
    better = [_WORDS[one.part] for one in fitted.better]
    rest = [_WORDS[one.part] for one in fitted.judged if one.verdict != "better"]
    if better:
        yield f"The fit predicts people better than the parameters as they are: {_listed(better)}."
    if rest:
        much = "No better than" if not better else "Not better than"
        yield f"{much} the parameters as they are, which stay: {_listed(rest)}."
    if not fitted.judged:
        yield "Nothing can be fitted: all parameters stay as they are."


def _listed(words: list[str]) -> str:
    return ", ".join(words)


def _parameters(fitted: PeopleCalibration) -> Table:
    better = {key for one in fitted.better for key in one.keys}
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("Parameter")
    for heading in ("is", "fitted", "95% interval"):
        table.add_column(heading, justify="right")
    table.add_column("")
    for one in fitted.fit.parameters:
        mark = "taken" if one.key in better else "stays"
        ends = _ends(one.interval)
        table.add_row(one.key, f"{one.present:.3f}", f"{one.value:.3f}", ends, mark)
    asked = fitted.fit.questions
    if asked is not None:
        table.add_row(*_row(asked), "taken" if EXCHANGES in better else "stays")
    return table


def _row(asked: Questions) -> tuple[str, ...]:
    return (
        f"{EXCHANGES} (mean)",
        f"{asked.mean_present:.3f}",
        f"{asked.mean:.3f}",
        _ends(asked.interval),
    )


def _ends(between: Interval) -> str:
    return f"{between.low:.3f} to {between.high:.3f}"


def _judged(one: Judged) -> str:
    ends = (
        "" if one.interval is None else (f"{one.interval.low:+.4f} to {one.interval.high:+.4f}; ")
    )
    return (
        f"  - {_WORDS[one.part]}: {one.verdict}; {one.scored} {one.gain:+.4f} ({ends}n {one.n:,}); "
        f"{_P} {p_told(one.p)}"
    )


def _notes(fitted: PeopleCalibration) -> Iterator[str]:
    yield (
        "Intervals are over people, those of buyer.choice also over products. A part is taken if "
        "it predicts unseen people better and its parameters differ by more than other people and "
        "products would explain (p at most 0.05, for all parts together)."
    )
    if fitted.fit.held:
        by_reason: dict[str, list[str]] = {}
        for key, why in fitted.fit.held.items():
            by_reason.setdefault(why, []).append(key)
        yield "Held at their present values:"
        for why, keys in by_reason.items():
            yield f"  - {', '.join(keys)}: {why}"
    yield _ALWAYS_HELD
