"""Published trajectories: reading their file, and turning it into a run."""
