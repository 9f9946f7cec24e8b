"""One conversation out of the log: its turns, its money, its events and its models' answers."""
