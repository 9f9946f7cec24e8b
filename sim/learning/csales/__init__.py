"""Policies of sellers in sales conversations."""
