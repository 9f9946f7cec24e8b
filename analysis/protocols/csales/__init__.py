"""Sales conversations: their rows, measures and section of the report."""
