"""Data files of the agents: behavioral parameters and named profiles."""
