"""The run folder, and the inputs in it."""
