"""What a run would take: its size, and what its models would be asked, cost and need in time.

Nothing is sent and no key is needed. The assumptions stand in `agents.llm.talk.workload` and in
each protocol's own workload.
"""

from __future__ import annotations

import os
from collections import defaultdict

import msgspec

from retailsim.agents.llm.errors import NoKey
from retailsim.agents.llm.provider.keys import find_key
from retailsim.agents.llm.provider.price import how_to_price, pricing
from retailsim.agents.llm.talk.workload import Work
from retailsim.agents.llm.types import ModelConfig, Usage
from retailsim.market.core.money import small_dollars
from retailsim.sim.budget.market_workload import Workload, to_begin
from retailsim.sim.scenario.behavioral_values import BehavioralValues
from retailsim.sim.scenario.design import Design
from retailsim.sim.scenario.protocol import talks_of
from retailsim.sim.seats.cast import used_models
from retailsim.sim.terminal.terminal import Terminal

CALL_S = 1.0
"""Seconds of a call before its first token, and `TOKENS_PER_S` of its answer: assumed."""
TOKENS_PER_S = 80.0


class ModelEstimate(msgspec.Struct, frozen=True, kw_only=True):
    """What one model is expected to be asked.

    Parameters
    ----------
    dollars, most_dollars : float or None
        Expected, and at worst; None where the price is unknown.
    seconds : float
        By the tightest of the model's limits, which `bound_by` names.
    missing_key : str or None
        The environment variable that a launch would miss.
    """

    model: str
    calls: int
    input_tokens: int
    output_tokens: int
    dollars: float | None
    most_dollars: float | None
    seconds: float
    bound_by: str
    missing_key: str | None


class CostEstimate(msgspec.Struct, frozen=True, kw_only=True):
    """What the models of a run are expected to be asked.

    Parameters
    ----------
    largest_market_dollars : float or None
        What a market may cost at worst: a budget has to cover it before the market begins.
    beginning_dollars : float or None
        What a budget has to cover for any market to begin: of huge ones, an episode.
    """

    models: tuple[ModelEstimate, ...]
    dollars: float | None
    most_dollars: float | None
    largest_market_dollars: float | None
    beginning_dollars: float | None
    seconds: float


def estimate(design: Design) -> CostEstimate | None:
    """Return what the design's models are expected to be asked; None where there are none.

    All replications are taken to be as the first one, so a run of any size is estimated at once.
    """
    configs = used_models(design.scenario)
    if not configs:
        return None
    workload = Workload(talks_of(design.protocol, design.scenario), configs)
    works: dict[str, Work] = defaultdict(Work)
    largest = beginning = 0
    markets, rounds = design.rounds()
    for spec in markets:
        worst, begun = workload.worst_nanousd(spec), to_begin(spec)
        largest = max(largest, worst)
        beginning = max(beginning, worst if begun is spec else workload.worst_nanousd(begun))
        for name, work in workload.of(spec).items():
            works[name] += work
    models = tuple(
        _of_model(name, configs[name], work.times(rounds)) for name, work in sorted(works.items())
    )
    known = all(model.dollars is not None for model in models)
    return CostEstimate(
        models=models,
        dollars=sum(model.dollars or 0.0 for model in models) if known else None,
        most_dollars=sum(model.most_dollars or 0.0 for model in models) if known else None,
        largest_market_dollars=largest / 1e9 if known else None,
        beginning_dollars=beginning / 1e9 if known else None,
        seconds=max(model.seconds for model in models),
    )


def _of_model(name: str, config: ModelConfig, work: Work) -> ModelEstimate:
    price = pricing(config)
    expected = Usage(input=int(work.input_tokens), output=int(work.output_tokens))
    most = Usage(input=work.most_input_tokens, output=work.most_output_tokens)
    seconds, bound_by = _time(config, work)
    return ModelEstimate(
        model=name,
        calls=round(work.calls),
        input_tokens=expected.input,
        output_tokens=expected.output,
        dollars=_dollars(price(expected)),
        most_dollars=_dollars(price(most)),
        seconds=seconds,
        bound_by=bound_by,
        missing_key=_missing_key(name, config),
    )


def _dollars(nanousd: int | None) -> float | None:
    return None if nanousd is None else nanousd / 1e9


def _time(config: ModelConfig, work: Work) -> tuple[float, str]:
    """How long a model's calls take at the tightest of its limits, and which that is."""
    answers = CALL_S * work.calls + work.output_tokens / TOKENS_PER_S
    times: dict[str, float] = {f"{config.max_in_flight} in flight": answers / config.max_in_flight}
    if config.requests_per_minute is not None:
        requests = f"{config.requests_per_minute:,} requests per minute"
        times[requests] = 60.0 * work.calls / config.requests_per_minute
    if config.tokens_per_minute is not None:
        tokens = work.input_tokens + work.output_tokens
        name = f"{config.tokens_per_minute:,} tokens per minute"
        times[name] = 60.0 * tokens / config.tokens_per_minute
    tightest = max(times, key=lambda name: times[name])
    return times[tightest], tightest


def _missing_key(name: str, config: ModelConfig) -> str | None:
    try:
        find_key(name, config, os.environ)
    except NoKey as error:
        return error.env
    return None


def show_plan(
    design: Design,
    budget: float | None,
    terminal: Terminal,
    behavioral: BehavioralValues | None = None,
) -> int:
    """Say what would be run, asked and paid; returns the exit status."""
    scenario = design.scenario
    markets, exact = design.market_count
    found = estimate(design)
    if terminal.json:
        plan = {"run": None, "overall": None, "name": scenario.run.name, "seed": scenario.run.seed}
        sizes = {"episodes": design.episodes, "markets": markets, "products": len(design.products)}
        models = sorted(used_models(scenario))
        terminal.out_json(
            {**plan, **sizes, "models": models, "estimate": found, "behavioral": behavioral}
        )
        return 0
    asked = f"asks {', '.join(sorted(used_models(scenario)))}" if found else "nothing is spent"
    about = "" if exact else "about "
    terminal.out(
        f"{scenario.run.name}: {extent(design)}; {about}{counted(markets, 'market')}; {asked}"
    )
    if behavioral is not None:
        terminal.out(f"Behavioral agents: {behavioral}")
    if found is not None:
        _show(found, design, budget, markets, terminal)
    return 0


def _show(
    found: CostEstimate, design: Design, budget: float | None, markets: int, terminal: Terminal
) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    from retailsim.analysis.replay.terminal_tables import Name

    configs = used_models(design.scenario)
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading in ("Model", "Calls", "Tokens in", "Out", "Cost", "At worst", "Takes"):
        left = heading == "Model"
        table.add_column(heading, justify="left" if left else "right", no_wrap=not left)
    for model in found.models:
        table.add_row(
            Name(model.model),
            f"{model.calls:,}",
            f"{model.input_tokens:,}",
            f"{model.output_tokens:,}",
            small_dollars(model.dollars),
            small_dollars(model.most_dollars),
            duration(model.seconds),
        )
    terminal.show(table)
    for model in found.models:
        terminal.out(f"{model.model}: {duration(model.seconds)} at {model.bound_by}")
        if model.missing_key is not None:
            terminal.out(f"{model.model}: a launch needs {model.missing_key} in the environment")
        if model.dollars is None:
            advice = how_to_price(model.model, configs[model.model])
            terminal.out(f"{model.model}: unknown price: {advice}")
    terminal.out(f"expected in all: {small_dollars(found.dollars)}, {duration(found.seconds)}")
    if budget is not None and found.largest_market_dollars:
        terminal.out(_budgeted(found, budget, markets))


def _budgeted(found: CostEstimate, budget: float, markets: int) -> str:
    """Say how far a budget goes."""
    largest = found.largest_market_dollars or 0.0
    said = f"--budget {budget:g}"
    if budget < (found.beginning_dollars or 0.0):
        worst = small_dollars(found.beginning_dollars)
        what = "market" if found.beginning_dollars == largest else "episode"
        return f"{said}: too small to start, one {what} may cost {worst} at worst"
    if budget < largest:
        return f"{said}: may stop within a market, which may cost {small_dollars(largest)} at worst"
    expected = found.dollars or 0.0
    at_once = int(budget / largest)
    if expected <= budget - largest:
        return f"{said}: enough for what is expected; {counted(at_once, 'market')} at once"
    share = (budget - largest) / expected
    return (
        f"{said}: expected to last for about {share:.0%} of {counted(markets, 'market')}; "
        f"{at_once:,} at once"
    )


def extent(design: Design) -> str:
    """Say how large a run is, and its seed."""
    sizes = ", ".join(counted(number, what) for number, what in design.sizes)
    return f"{sizes}, seed {design.scenario.run.seed}"


def counted(number: int, what: str) -> str:
    """Write a number of things."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def duration(seconds: float) -> str:
    """Write a time in its two largest units."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"
