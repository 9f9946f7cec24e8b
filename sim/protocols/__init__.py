"""What each protocol adds to running: its design and its keys of a scenario."""
