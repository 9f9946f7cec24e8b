"""Agents of the retail protocol."""
