"""What differs between the scenarios of two runs: every key with both values, as people read them.

Both are frozen in ``run.toml``, so nothing is guessed. What has no bearing on results (names,
workers, how the log is kept) is left out; files are told apart by what they hold.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from retailsim.analysis.measures.pairing import ROLES, SeatChange
from retailsim.events.messages import Role
from retailsim.sim.folder.run_folder import RunFile, RunFolder, told_apart
from retailsim.sim.rules.rules_table import RULES_FILE

NOT_SET = "not set"
LONGEST = 60
"""Characters of a value."""
_WITHOUT_BEARING = (
    *("run.name", "run.workers", "run.concurrency", "run.reply_timeout_s", "run.block_timeout_s"),
    *("cache", "log"),
)
_SHARES = ("design.discount", "products.issue_rate", "design.guidance", "issues.overclaim_rate")
_WORDS: Mapping[str, str] = {
    "design.discount": "discount",
    "design.price_multipliers": "prices, as factors on the list price",
    "design.replications": "replications",
    "design.pairing": "who meets whom",
    "design.broadcast": "who shares a pitch",
    "products.catalog": "catalogue",
    "products.per_category": "products of each category",
    "products.ids": "products",
    "products.issue_rate": "share of orders with an issue",
    "profiles.count": "number of profiles",
    "profiles.file": "profiles",
    "run.seed": "seed",
    "inputs.profiles.jsonl": "what the profiles hold",
    "behavioral.parameters": "parameters of the behavioral agents",
    "window_days": "return window in days",
    "buyer_pays": "issues whose return the buyer pays",
    "rate": "fee, as a share of the price",
    "cap_cents": "highest fee, in cents",
    "persona": "persona",
    "pitch_file": "pitch",
    "agent": "who plays it",
    "model": "model",
    "stream": "key of the draws",
}
"""By key, or by the last part of one."""


_PRICES = ("design.discount", "design.price_multipliers")
_LEFT_OUT = (
    *("products.catalog", "products.per_category", "products.ids", "inputs/products.jsonl"),
    "design.replications",
)
"""What only says which episodes there are: those without a partner are left out."""


class ScenarioChange(msgspec.Struct, frozen=True, kw_only=True):
    """A key that two scenarios do not have alike.

    Parameters
    ----------
    key : str
        Such as ``design.discount``, or ``sellers.shop.agent``.
    words : str
        What it is; the key itself where nothing plainer is known.
    first, second : str
        Both values, shortened.
    """

    key: str
    words: str
    first: str
    second: str


def scenario_changes(
    first: RunFolder, second: RunFolder, seats: Sequence[SeatChange] = ()
) -> tuple[ScenarioChange, ...]:
    """Return what differs between two runs' scenarios, seats first.

    Parameters
    ----------
    seats : sequence of SeatChange
        Seats that differ: those at one place are compared whatever they are called.

    Raises
    ------
    NotARunFolder
        If one of them does not say how it was made.
    """
    made = first.read(), second.read()
    called = {(seat.role, seat.second): seat.first for seat in seats if seat.first and seat.second}
    one, two = (
        _flat(file, folder, names)
        for file, folder, names in zip(made, (first, second), ({}, called), strict=True)
    )
    keys = [key for key in {**one, **two} if one.get(key) != two.get(key)]
    told = {f"{seat.role}s" for seat in seats}
    alone = {seat.second or seat.first for seat in seats if not (seat.first and seat.second)}
    shown = [key for key in keys if key not in told and not _of_seat(key, alone)]
    found = [_change(key, one, two) for key in sorted(shown, key=_rank)]
    rules = () if any(one.key.startswith("rules.") for one in found) else _rules(*made)
    return (*found, *rules, *_products(first, second), *_versions(*made))


def only_prices(
    first: RunFolder,
    second: RunFolder,
    changes: Sequence[ScenarioChange],
    seats: Sequence[SeatChange],
    *,
    paired: bool,
) -> bool:
    """Whether nothing but prices differs in the episodes that are compared.

    Parameters
    ----------
    changes, seats
        What differs between the scenarios, and which seats do.
    paired : bool
        Whether episodes without a partner are left out; their products and seats are then, too.
    """
    apart = [seat for seat in seats if not (paired and None in (seat.first, seat.second))]
    usual = (*_PRICES, "run.seed", *(_LEFT_OUT if paired else ()))
    other = [one for one in changes if not one.key.startswith(usual)]
    return not apart and not other and _sheets_agree(first, second)


def _sheets_agree(first: RunFolder, second: RunFolder) -> bool:
    """Whether products that are in both runs differ in their prices at most."""
    try:
        one, two = (
            {one.id: msgspec.structs.replace(one, price_cents=1) for one in run.products()}
            for run in (first, second)
        )
    except (OSError, msgspec.MsgspecError):
        return False
    return all(one[key] == two[key] for key in one.keys() & two.keys())


def _of_seat(key: str, names: Collection[str | None]) -> bool:
    """Whether a key is that of one of these seats."""
    return any(key.startswith(f"{role}s.{name}.") for role in ROLES for name in names)


def _rank(key: str) -> int:
    """Seats first, then what people change, then the rest; within these the scenario's order."""
    table = key.partition(".")[0]
    order = ("sellers", "buyers", "design", "products", "profiles", "policy", "shipping", "run")
    return order.index(table) if table in order else len(order)


def _change(key: str, one: Mapping[str, Any], two: Mapping[str, Any]) -> ScenarioChange:
    last = key.rpartition(".")[2]
    return ScenarioChange(
        key=key,
        words=_WORDS.get(key) or _WORDS.get(last) or key,
        first=_written(key, one.get(key)),
        second=_written(key, two.get(key)),
    )


def _written(key: str, value: Any) -> str:
    """A value as people read it."""
    if value is None:
        return NOT_SET
    if key in _SHARES and isinstance(value, int | float):
        return f"{100 * value:.3g}%"
    return _plain(value) if key.endswith(".pitch_file") else _short(_plain(value))


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_plain(part)}" for key, part in value.items()) or "none"
    if isinstance(value, list | tuple):
        return ", ".join(map(_plain, value)) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return " ".join(str(value).split())


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1].rstrip()}…"


def _flat(
    file: RunFile, folder: RunFolder, called: Mapping[tuple[Role, str], str]
) -> dict[str, Any]:
    """Return the scenario by its keys; seats by their ids, and files by what they hold."""
    scenario = msgspec.to_builtins(file.scenario)
    found: dict[str, Any] = {}
    for role in ROLES:
        seats = scenario.pop(f"{role}s")
        found[f"{role}s"] = [seat["id"] for seat in seats]
        for seat in seats:
            name = called.get((role, seat["id"]), seat["id"])
            found |= {f"{role}s.{name}.{key}": part for key, part in _seat(seat, file, folder)}
    found |= dict(_keys(scenario))
    known = {"products.jsonl", RULES_FILE}
    for name, digest in file.inputs.items():
        if name not in known and not name.startswith("pitches/"):
            found[f"inputs.{name}"] = f"{name} ({digest[:12]})"
    found |= {f"plugins.{name}": f"code {digest[:12]}" for name, digest in file.plugins.items()}
    return {key: value for key, value in found.items() if not _no_bearing(key)}


def _no_bearing(key: str) -> bool:
    return any(key == one or key.startswith(f"{one}.") for one in _WITHOUT_BEARING)


def _seat(seat: Mapping[str, Any], file: RunFile, folder: RunFolder) -> Iterator[tuple[str, Any]]:
    for key, value in seat.items():
        if key == "pitch_file" and value is not None:
            yield key, _text(value, file, folder)
        elif key == "options":
            yield from ((f"options.{name}", part) for name, part in _keys(value))
        elif key != "id":
            yield key, value


def _text(name: str, file: RunFile, folder: RunFolder) -> str:
    """What a pitch says, or where it was."""
    if name not in file.inputs:
        return name
    try:
        said = (folder.inputs / name).read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return f"{name} ({file.inputs[name][:12]})"
    spoken = " ".join(line for line in said.splitlines() if not line.startswith("#"))
    return f'"{_short(_plain(spoken or said))}" ({file.inputs[name][:6]})'


def _keys(tree: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the leaves of tables by their keys; a table of a seat's persona stays whole."""
    for key, value in tree.items():
        if isinstance(value, Mapping) and value:
            yield from _keys(value, f"{above}{key}.")
        elif value is not None and value != {}:
            yield f"{above}{key}", value


def _products(first: RunFolder, second: RunFolder) -> Iterator[ScenarioChange]:
    """Say how many products are in both runs, or whose sheets differ."""
    try:
        one, two = ({one.id: one for one in run.products()} for run in (first, second))
    except (OSError, msgspec.MsgspecError):
        return  # an input is missing or damaged, which is for `verify` to say
    both = one.keys() & two.keys()
    other = [key for key in both if one[key] != two[key]]
    if one.keys() == two.keys() and not other:
        return
    beside = f"{len(both):,} in both" + f", {len(other):,} with another sheet" * bool(other)
    yield ScenarioChange(
        key="inputs/products.jsonl",
        words="products for sale",
        first=f"{len(one):,}",
        second=f"{len(two):,} ({beside})",
    )


def _rules(one: RunFile, two: RunFile) -> Iterator[ScenarioChange]:
    """Say whether the rules differ though the scenarios ask for the same: by version or file."""
    was, now = (file.inputs.get(RULES_FILE) for file in (one, two))
    if was != now:
        yield ScenarioChange(
            key=f"inputs/{RULES_FILE}",
            words="what the rules say",
            first=NOT_SET if was is None else f"{RULES_FILE} ({was[:12]})",
            second=NOT_SET if now is None else f"{RULES_FILE} ({now[:12]})",
        )


def _versions(one: RunFile, two: RunFile) -> Iterator[ScenarioChange]:
    if one.versions != two.versions:
        yield ScenarioChange(
            key="versions",
            words="version of the program",
            first=one.versions.package,
            second=told_apart(two.versions, one.versions),
        )
