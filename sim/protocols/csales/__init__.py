"""Runs of sales conversations."""
