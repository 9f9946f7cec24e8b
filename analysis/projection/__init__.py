"""From the log to rows: what is derived from which events, read once and kept."""
