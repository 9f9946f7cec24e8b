"""A conversation: what was said in one episode, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Chat:
    """One episode as a chat.

    Attributes
    ----------
    messages : list of dict
        In order, each with ``role`` (``assistant`` is the seller, ``user`` the buyer, ``system``
        the market), ``name`` (``seller``, ``buyer`` or ``market``) and ``content``.
    reviews : list of dict
        Each with ``aspect``, ``rating`` (1 to 5 stars) and ``text``.
    facts : dict
        Who met whom over what, and how it ended, as the columns of `Run.episodes`.
    """

    def __init__(self, transcript: Mapping[str, Any]) -> None:
        self.messages: list[dict[str, str]] = transcript["messages"]
        self.reviews: list[dict[str, Any]] = transcript["reviews"]
        apart = ("messages", "reviews")
        self.facts: dict[str, Any] = {k: v for k, v in transcript.items() if k not in apart}

    def __repr__(self) -> str:
        """Return the messages, a paragraph each."""
        return "\n\n".join(f"{one['name']}: {one['content']}" for one in self.messages)

    def _repr_html_(self) -> str:
        from retailsim.sim.api.pages import chat_page

        return chat_page(self)
