"""Measures, what they are worth, and how two runs differ in them."""
