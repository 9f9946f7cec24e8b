"""Calibration: parameters of the behavioral agents, fitted to target rates."""
