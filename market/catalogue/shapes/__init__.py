"""Shapes of catalogues: which columns mean what, and which rows are one product."""
