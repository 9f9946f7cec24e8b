"""A model as rater: it reads what raters read, and fills a file as they do, marked as a model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from retailsim.agents.llm.talk import templates
from retailsim.agents.llm.talk.chat import ModelChat
from retailsim.agents.llm.talk.reply import Reply
from retailsim.analysis.annotation import form
from retailsim.analysis.annotation.answers import MODEL, Saved
from retailsim.analysis.annotation.items import Item, RaterSheet
from retailsim.analysis.annotation.tasks import STARS, Task
from retailsim.events.named_file import check_outside
from retailsim.events.whole_file import written_whole
from retailsim.sim.budget.batch import Ask, ModelBatch
from retailsim.sim.errors import BadScenario, CannotWrite
from retailsim.sim.terminal.terminal import Terminal

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

    def __init__(self, path: Path, sheet: RaterSheet, name: str) -> None:
        self.path = path
        self.saved = Saved(export=sheet.export, rater=f"{MODEL}{name}", kind="model", ratings=())
        if path.exists():
            self.saved = self._begun(self.saved)

    def _begun(self, fresh: Saved) -> Saved:
        try:
            found = msgspec.json.decode(self.path.read_bytes(), type=Saved)
        except (OSError, ValueError, RecursionError) as error:  # no file, JSON or UTF-8
            raise BadScenario(
                str(self.path), f"it holds no ratings to continue from: {error}"
            ) from None
        if (found.export, found.rater, found.kind) != (fresh.export, fresh.rater, fresh.kind):
            problem = f"ratings by {found.rater!r} of export {found.export!r}; choose another --out"
            raise BadScenario(str(self.path), problem)
        return found

    @property
    def rated(self) -> set[str]:
        """The items that are there."""
        return {str(entry.get("item")) for entry in self.saved.ratings}

    def keep(self, entry: Entry) -> None:
        """Add one rating; raises `CannotWrite`, and the file is as it was."""
        self.saved = msgspec.structs.replace(self.saved, ratings=(*self.saved.ratings, entry))
        data = msgspec.json.format(msgspec.json.encode(self.saved), indent=1) + b"\n"
        try:
            with written_whole(self.path) as new:
                new.write_bytes(data)
        except OSError as error:
            raise CannotWrite(self.path, error, "the ratings so far are kept") from None


def rate(
    place: Path,
    model: str,
    settings: Sequence[str],
    out: Path | None,
    terminal: Terminal,
    budget: float | None = None,
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
    budget : float or None
        Dollars that it may cost.

    Returns
    -------
    int
        The exit status.

    Raises
    ------
    ModelsStopped
        If the provider is down or refuses everything; the same command goes on.
    """
    if out is not None:
        check_outside(out)
    page = place / "form.html" if place.is_dir() else place
    sheet, batch = form.read(page), ModelBatch(model, settings, budget)
    plain = "".join(char if char.isalnum() or char in ".-_" else "-" for char in model)
    file = File(out or page.with_name(f"ratings-model-{plain}.json"), sheet, model)
    done, tasks = file.rated, {task.name: task for task in sheet.tasks}
    todo = [item for item in sheet.items if item.id not in done]
    terminal.say(f"{len(sheet.items):,} items, {len(sheet.items) - len(todo):,} rated already")

    async def answer(item: Item, ask: Ask) -> None:
        file.keep(await _rated(item, tasks[item.task], ask))

    def unusable(item: Item, reason: str) -> None:
        terminal.say(f"{item.id}: not rated: {reason}")

    try:
        batch.run(todo, answer, unusable, kept=str(file.path))
    finally:
        terminal.say(batch.spent.said("items"))
    terminal.out(f"{file.path}: {len(file.rated):,} of {len(sheet.items):,} items rated")
    return 0


async def _rated(item: Item, task: Task, ask: Ask) -> Entry:
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


def _conversation(envelope: type[StarsEnvelope] | type[ChoiceEnvelope]) -> ModelChat:
    return ModelChat("buyer", envelope, "", in_prompt=True, rules="annotate_rules")


def told(item: Item, task: Task) -> str:
    """Return what a model is asked about an item: no more than a rater sees in the form."""
    product = f"{item.product}, {item.price}" if item.price else item.product
    material = [
        templates.fenced("PRODUCT", product),
        *(templates.fenced(one.title.upper(), form.lines(one.lines)) for one in item.context),
    ]
    if task.kind == "pair":
        material += [templates.fenced("A", form.lines(item.a))]
        material += [templates.fenced("B", form.lines(item.b))]
    else:
        material += [templates.fenced("TO RATE", form.lines(item.a))]
    return templates.text(f"annotate_{task.kind}").format(
        question=task.question,
        stars=", ".join(f"{number} {words}" for number, words in enumerate(STARS, 1)),
        criteria="\n".join(f"- {one}" for one in task.criteria),
        material="\n".join(material),
    )
