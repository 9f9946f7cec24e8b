"""Agents over a wire: seats that are taken over HTTP, in any language and framework."""
