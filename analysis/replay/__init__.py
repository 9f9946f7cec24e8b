"""Replay: from the log to rows, and what they come to."""
