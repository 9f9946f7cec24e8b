"""The episodes of a run as a list for people: filtered, sorted, and seen some rows at a time."""
