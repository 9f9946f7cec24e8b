"""Sweeps: one scenario played with several values of a setting, side by side."""
