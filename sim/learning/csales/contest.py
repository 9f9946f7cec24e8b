"""Who plays against whom where policies are judged: baselines by hand, oracles, what was learnt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

from retailsim.agents.csales.policy.by_hand import show_first
from retailsim.agents.protocol import POLICY
from retailsim.market.protocols.csales.action_table import ActionTable
from retailsim.sim.learning.csales.playing import Count, Outcomes, play
from retailsim.sim.run.launch import read_scenario
from retailsim.sim.run.launch_options import Options

Seat = Mapping[str, Any]
OLD = "csi"
"""What a learnt policy has to beat to take its place."""
ORACLE = "told-argmax"
"""No seller that can be had: it says how much there is to gain by knowing the buyer's style."""
STREAM = OLD
"""Of all seats: they meet the same buyers with the same words."""
ARGMAX = 0.001
"""The lowest temperature: always the option of the highest score."""


def policy_seat(name: str, file: Path) -> Seat:
    """Return a seat that goes by a policy's file."""
    options = {"file": str(file.absolute())}
    return {"id": name, "agent": POLICY, "stream": STREAM, "options": options}


def _csi(name: str, **options: object) -> Seat:
    return {"id": name, "agent": OLD, "stream": STREAM, "options": options}


def baselines(folder: Path, actions: ActionTable) -> tuple[Seat, ...]:
    """Return the seats that nothing was learnt for; the file of the hand-made one is written.

    Parameters
    ----------
    folder : Path
        Where that file goes.
    actions : ActionTable
        What the sellers of the scenario choose from.
    """
    by_hand = folder / "show-first.json"
    show_first(actions).save(by_hand)
    return (
        _csi(OLD),
        _csi("argmax", temperature=ARGMAX),
        policy_seat("show-first", by_hand),
        {"id": "random-action", "agent": "random-action", "stream": STREAM},
        _csi("told", style="told"),
        _csi(ORACLE, style="told", temperature=ARGMAX),
    )


BEATEN = (OLD, "argmax", "show-first")
"""The baselines that a learnt policy is tested against."""


def digests(seats: Sequence[Seat]) -> dict[str, str]:
    """Return a SHA-256 for each seat: of its agent and options, a file's bytes among them.

    Written down before anything is learnt, they show later that no baseline was changed to lose.
    """
    return {str(seat["id"]): _digest(seat) for seat in seats}


def _digest(seat: Seat) -> str:
    options = dict(seat.get("options", {}))
    if "file" in options:
        options["file"] = sha256(Path(options["file"]).read_bytes()).hexdigest()
    said = {"agent": seat["agent"], "stream": seat["stream"], "options": options}
    return sha256(msgspec.json.encode(said, order="sorted")).hexdigest()


def held_out(
    scenario: Options,
    seats: Sequence[Seat],
    *,
    seed: int,
    replications: int,
    settings: Sequence[str] = (),
    counts: Mapping[str, Count] | None = None,
) -> Outcomes:
    """Play seats against the buyers that nobody learnt from, over products that nobody sold.

    Parameters
    ----------
    scenario : Options
        Catalogue, profiles and settings that were learnt on, half 1 unless they say 2; the other
        halves are played.
    seed, replications : int
        Of what is played: each profile that often.
    settings : sequence of str
        What else to lay over it, such as parameters of other buyers.
    counts : mapping of name to callable, optional
        As for `playing.play`.
    """
    return play(held_out_options(scenario, seats, seed, replications, settings), counts=counts)


def other_halves(scenario: Options) -> tuple[str, str]:
    """Return the settings of what nobody learnt from, where half 1 is learnt from unless set."""
    read, _ = read_scenario(scenario)
    halves = {"profiles": read.profiles.half, "products": read.products.half}
    profiles, products = (f"{of}.half={1 if half == 2 else 2}" for of, half in halves.items())
    return profiles, products


def held_out_options(
    scenario: Options,
    seats: Sequence[Seat],
    seed: int,
    replications: int,
    settings: Sequence[str] = (),
) -> Options:
    """Return what a launch has to be told to play the same."""
    return msgspec.structs.replace(
        scenario,
        seed=seed,
        sellers=[dict(seat) for seat in seats],
        settings=(
            *scenario.settings,
            *other_halves(scenario),
            f"design.replications={replications}",
            *settings,
        ),
    )
