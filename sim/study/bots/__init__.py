"""Bots that take part in a study as people do: over HTTP, by the forms of its pages."""
