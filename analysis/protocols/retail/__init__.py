"""Retail: its experiments and what raters say of it."""
