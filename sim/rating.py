"""A model as rater: it reads what raters read, and fills a file as they do, marked as a model."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import anyio
import msgspec
from msgspec import Meta

from agents.errors import AgentsError
from agents.llm import prompting
from agents.llm.conversation import Conversation
from agents.llm.gateway import Gateway
from agents.llm.pricing import pricing
from agents.llm.replies import Reply
from agents.llm.types import Call, ModelConfig
from analysis.annotation import form
from analysis.annotation.answers import MODEL, Saved
from analysis.annotation.items import Item, Sheet
from analysis.annotation.tasks import STARS, Task
from events.errors import UnusableOutput
from events.messages import ModelCalled
from sim.errors import BadScenario, CannotWrite, ModelsStopped
from sim.estimate import money
from sim.profiling.asking import Spent
from sim.seats import model_table
from sim.settings import lay_over
from sim.terminal import Terminal

Text = Annotated[str, Meta(min_length=1, max_length=2_000)]
Entry = dict[str, Any]
_REASKS = 2
_TOKENS = 300


class StarsReply(Reply, frozen=True, kw_only=True, tag="rating"):
    """One text, rated 1 to 5."""

    reason: Text
    rating: Annotated[int, Meta(ge=1, le=5)]


class ChoiceReply(Reply, frozen=True, kw_only=True, tag="choice"):
    """One of two texts."""

    reason: Text
    choice: Literal["A", "B"]


class StarsEnvelope(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is answered about one text."""

    reply: StarsReply


class ChoiceEnvelope(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is answered about two."""

    reply: ChoiceReply


class File:
    """The ratings of one model, kept on disk after every answer."""

    def __init__(self, path: Path, sheet: Sheet, name: str) -> None:
        self.path = path
        self.saved = Saved(export=sheet.export, rater=f"{MODEL}{name}", kind="model", ratings=())
        if path.exists():
            self.saved = self._begun(self.saved)

    def _begun(self, fresh: Saved) -> Saved:
        try:
            found = msgspec.json.decode(self.path.read_bytes(), type=Saved)
        except (OSError, msgspec.DecodeError) as error:
            raise BadScenario(str(self.path), f"no ratings to go on with: {error}") from None
        if (found.export, found.rater, found.kind) != (fresh.export, fresh.rater, fresh.kind):
            problem = f"ratings by {found.rater!r} of export {found.export!r}; name another --out"
            raise BadScenario(str(self.path), problem)
        return found

    @property
    def rated(self) -> set[str]:
        """The items that are there."""
        return {str(entry.get("item")) for entry in self.saved.ratings}

    def keep(self, entry: Entry) -> None:
        """Add one rating; raises `CannotWrite`."""
        self.saved = msgspec.structs.replace(self.saved, ratings=(*self.saved.ratings, entry))
        new = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        try:
            new.write_bytes(msgspec.json.format(msgspec.json.encode(self.saved), indent=1) + b"\n")
            new.replace(self.path)
        except OSError as error:
            raise CannotWrite(self.path, error, "what is rated stays") from None


def rate(
    place: Path, model: str, settings: Sequence[str], out: Path | None, terminal: Terminal
) -> int:
    """Have a model rate an export; a file that has some ratings already is gone on with.

    Parameters
    ----------
    place : Path
        The export's folder, or its form.
    model : str
        PROVIDER/MODEL.
    settings : sequence of str
        KEY=VALUE of its [models] table.

    Returns
    -------
    int
        The exit status.

    Raises
    ------
    ModelsStopped
        If the provider is down or refuses everything; the same command goes on.
    """
    page = place / "form.html" if place.is_dir() else place
    sheet, config = form.read(page), _config(model, settings)
    plain = "".join(char if char.isalnum() or char in ".-_" else "-" for char in model)
    file = File(out or page.with_name(f"ratings-model-{plain}.json"), sheet, model)
    done = file.rated
    todo = [item for item in sheet.items if item.id not in done]
    terminal.say(f"{len(sheet.items):,} items, {len(sheet.items) - len(todo):,} rated already")
    try:
        spent = anyio.run(_ask_all, model, config, sheet, todo, file, terminal.say)
    except AgentsError as error:
        raise ModelsStopped(f"{error}; ratings so far are in {file.path}: run it again") from None
    cost = None if spent.nanousd is None else spent.nanousd / 1e9
    terminal.say(
        f"{spent.calls:,} calls, {spent.input_tokens:,} tokens in, {spent.output_tokens:,} out, "
        f"{money(cost)}; {spent.failed:,} items without a usable answer"
    )
    terminal.out(f"{file.path}: {len(file.rated):,} of {len(sheet.items):,} items rated")
    return 0


def _config(name: str, settings: Sequence[str]) -> ModelConfig:
    table = model_table(name)
    if table is None:
        raise BadScenario("--model", f"{name!r}: PROVIDER/MODEL is needed")
    tree: dict[str, Any] = {"model": table}
    lay_over(tree, [f"model.{setting}" for setting in settings])
    try:
        return msgspec.convert(tree["model"], ModelConfig)
    except msgspec.ValidationError as error:
        raise BadScenario("--set", str(error)) from None


async def _ask_all(
    name: str,
    config: ModelConfig,
    sheet: Sheet,
    todo: Sequence[Item],
    file: File,
    say: Callable[[str], None],
) -> Spent:
    """Rate every item; what cannot be used is said and left out."""
    spent, waiting, stopped = Spent(), list(reversed(todo)), list[AgentsError]()
    tasks = {task.name: task for task in sheet.tasks}
    price = pricing(config)

    async with Gateway({name: config}) as gateway:

        async def ask(call: Call) -> ModelCalled:
            answer = await gateway.ask(name, call)
            cost = answer.cost_nanousd if answer.cost_nanousd is not None else price(answer.usage)
            spent.calls += 1
            spent.input_tokens += answer.usage.input
            spent.output_tokens += answer.usage.output
            known = spent.nanousd is not None and cost is not None
            spent.nanousd = (spent.nanousd or 0) + (cost or 0) if known else None
            return _record(name, answer.text, answer.finish)

        async def work() -> None:
            while waiting and not stopped:
                item = waiting.pop()
                try:
                    file.keep(await _rated(item, tasks[item.task], ask))
                except UnusableOutput as error:
                    spent.failed += 1
                    say(f"{item.id}: not rated: {error.reason}")
                except AgentsError as error:
                    stopped.append(error)

        async with anyio.create_task_group() as group:
            for _ in range(min(config.max_in_flight, len(todo))):
                group.start_soon(work)
    if stopped:
        raise stopped[0]
    return spent


async def _rated(item: Item, task: Task, ask: Callable[[Call], Awaitable[ModelCalled]]) -> Entry:
    prompt = told(item, task)
    if task.kind == "likert":
        stars = await _conversation(StarsEnvelope).ask(
            prompt, StarsReply, ask, max_output_tokens=_TOKENS, reasks=_REASKS
        )
        return {"item": item.id, "rating": stars.rating, "reason": stars.reason}
    chosen = await _conversation(ChoiceEnvelope).ask(
        prompt, ChoiceReply, ask, max_output_tokens=_TOKENS, reasks=_REASKS
    )
    return {"item": item.id, "rating": chosen.choice, "reason": chosen.reason}


def _conversation(envelope: type[StarsEnvelope] | type[ChoiceEnvelope]) -> Conversation:
    return Conversation("buyer", envelope, "", in_prompt=True, rules="annotate_rules")


def told(item: Item, task: Task) -> str:
    """Return what a model is asked about an item: no more than a rater sees in the form."""
    product = f"{item.product}, {item.price}" if item.price else item.product
    material = [
        prompting.fenced("PRODUCT", product),
        *(prompting.fenced(one.title.upper(), form.lines(one.lines)) for one in item.context),
    ]
    if task.kind == "pair":
        material += [prompting.fenced("A", form.lines(item.a))]
        material += [prompting.fenced("B", form.lines(item.b))]
    else:
        material += [prompting.fenced("TO RATE", form.lines(item.a))]
    return prompting.text(f"annotate_{task.kind}").format(
        question=task.question,
        stars=", ".join(f"{number} {words}" for number, words in enumerate(STARS, 1)),
        criteria="\n".join(f"- {one}" for one in task.criteria),
        material="\n".join(material),
    )


def _record(name: str, text: str, finish: str) -> ModelCalled:
    """Put an answer into the form that conversations read; nothing of it is logged."""
    return ModelCalled(
        market="",
        episode=None,
        t=0,
        source="",
        call=0,
        stage="rating",
        role="buyer",
        model=name,
        prompt_version=prompting.version(),
        request_sha256="",
        answer=text,
        finish=finish,
        input_tokens=0,
        cached_tokens=0,
        output_tokens=0,
        reasoning_tokens=0,
        cost_nanousd=None,
    )
