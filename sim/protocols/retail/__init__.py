"""Retail runs."""
