"""Seats: who takes part, by name, by scenario, by command line."""
