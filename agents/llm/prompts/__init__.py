"""The texts that models are given, one file a task."""
