"""Agents that wait: asked side by side, and those that may be, before their request is due.

An agent that is eager is asked when its request is posted, and answers when it is due. What it
answers follows from the requests of one episode alone, so nothing that happens in between can
change it, and the events are the same; only the waiting is over sooner. Without it, a market whose
requests fall due one after another would wait for one answer at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from retailsim.events.errors import PostedOutOfTurn
from retailsim.events.messages import Message

Receive = Callable[[Message], Coroutine[Any, Any, Any]]
Answer = tuple[Any, Exception | None]
Due = tuple[int, int]
"""Market time and priority."""

_Chain = tuple[str, str | None]
"""An agent in an episode: it handles one message at a time."""


_Request = tuple[int, Message]
"""A message and its place in the batch."""


class _Early(NamedTuple):
    due: Due
    task: asyncio.Task[Answer]


class SideBySide:
    """The agents of one market that wait.

    Attributes
    ----------
    agents : dict of name to receive
    eager : set of str
        Those that may be asked before their request is due.
    """

    def __init__(self) -> None:
        self.agents: dict[str, Receive] = {}
        self.eager: set[str] = set()
        self._queued: dict[_Chain, int] = {}
        self._early: dict[_Chain, _Early] = {}
        self._group: asyncio.TaskGroup | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Surround the delivering: no task outlives it, and its error is raised as it is."""
        raised: Exception | None = None
        async with asyncio.TaskGroup() as self._group:
            try:
                yield
            except Exception as error:  # noqa: BLE001 - raised below, without a group around it
                raised = error
                for early in self._early.values():
                    early.task.cancel()
        self._group = None
        if raised is not None:
            raise raised

    def posted(self, message: Message, name: str, due: Due) -> None:
        """Note a request to an eager agent, and ask it now if nothing of its episode is under way.

        Raises
        ------
        PostedOutOfTurn
            If another one was asked before that is due later.
        """
        chain = (name, message.episode)
        queued = self._queued.get(chain, 0)
        self._queued[chain] = queued + 1
        if queued:
            early = self._early.get(chain)
            if early is not None and due < early.due:
                raise PostedOutOfTurn(name, message.episode, early.due[0], due[0])
        elif self._group is not None:
            message.t = due[0]
            task = self._group.create_task(_asked(self.agents[name], message))
            self._early[chain] = _Early(due, task)

    async def ask(self, batch: Sequence[tuple[Message, str | None]]) -> Mapping[int, Answer]:
        """Return the answers of those who wait, by their place in the batch.

        One whose own task was cancelled leaves none, nor any behind it in its episode.
        """
        answers: dict[int, Answer] = {}
        alone: dict[int, asyncio.Task[Answer]] = {}
        chains = []
        agents, eager = self.agents, self.eager
        for chain, requests in self._chains(batch).items():
            name = chain[0]
            early = self._taken(chain, len(requests)) if name in eager else None
            if early is not None and len(requests) == 1:
                alone[requests[0][0]] = early.task
            else:
                chains.append(_in_turn(agents[name], requests, early, answers))
        if chains:
            async with asyncio.TaskGroup() as group:
                for one in chains:
                    group.create_task(one)
        await _all_over([task for task in alone.values() if not task.done()])
        for index, task in alone.items():
            if not task.cancelled():
                answers[index] = task.result()
        return answers

    def _chains(self, batch: Sequence[tuple[Message, str | None]]) -> dict[_Chain, list[_Request]]:
        chains: dict[_Chain, list[_Request]] = {}
        agents = self.agents
        for index, (message, to) in enumerate(batch):
            if to is not None and to in agents:
                chain = to, message.episode
                if chain in chains:
                    chains[chain].append((index, message))
                else:
                    chains[chain] = [(index, message)]
        return chains

    def _taken(self, chain: _Chain, number: int) -> _Early | None:
        """Note that so many requests are due; returns what was asked early: the first of them."""
        left = self._queued.pop(chain) - number
        if left:
            self._queued[chain] = left
        return self._early.pop(chain, None)


async def _in_turn(
    receive: Receive,
    requests: Sequence[_Request],
    first: _Early | None,
    answers: dict[int, Answer],
) -> None:
    """Put an agent's answers to the requests of one episode where their places are."""
    for index, message in requests:
        if first is not None:
            answers[index], first = await first.task, None
            continue
        try:
            answers[index] = await receive(message), None
        except Exception as error:  # noqa: BLE001 - an agent may raise anything
            answers[index] = (), error


async def _all_over(pending: Sequence[asyncio.Task[Any]]) -> None:
    if len(pending) == 1:
        await _over(pending[0])
    elif pending:
        await asyncio.wait(pending)


async def _over(task: asyncio.Task[Any]) -> None:
    """Wait for a task as `asyncio.wait` does, for less: most batches wait for one answer."""
    over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def wake(_: object) -> None:
        if not over.done():
            over.set_result(None)

    task.add_done_callback(wake)
    try:
        await over
    finally:
        task.remove_done_callback(wake)


async def _asked(receive: Receive, message: Message) -> Answer:
    try:
        return await receive(message), None
    except Exception as error:  # noqa: BLE001 - an agent may raise anything
        return (), error
