"""The vendors' wire formats: pure functions between our values and their JSON."""

from __future__ import annotations

from collections.abc import Mapping

from retailsim.agents.llm.adapters.anthropic import Anthropic
from retailsim.agents.llm.adapters.base import Adapter
from retailsim.agents.llm.adapters.gemini import Gemini
from retailsim.agents.llm.adapters.openai_chat import OpenAIChat
from retailsim.agents.llm.adapters.openai_responses import OpenAIResponses
from retailsim.agents.llm.types import Provider

ADAPTERS: Mapping[Provider, Adapter] = {
    "openai": OpenAIChat("openai"),
    "openai-responses": OpenAIResponses(),
    "anthropic": Anthropic(),
    "google": Gemini(),
    "openrouter": OpenAIChat("openrouter"),
    "openai-compatible": OpenAIChat("openai-compatible"),
}

__all__ = ["ADAPTERS", "Adapter"]
