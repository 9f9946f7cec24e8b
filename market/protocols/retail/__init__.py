"""The five-stage retail protocol."""
