"""Environments of sales conversations."""
