"""Environments for learners: markets stepped from outside, each episode one of a run."""
