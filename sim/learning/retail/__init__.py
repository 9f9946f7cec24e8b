"""Policies of sellers in the retail protocol."""
