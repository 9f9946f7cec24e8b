"""Environments of the retail protocol."""
