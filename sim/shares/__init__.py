"""Runs in shares: planned once, played by whatever runs commands anywhere, then put together."""
