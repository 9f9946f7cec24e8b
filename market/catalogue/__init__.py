"""Catalogues: products read from files of any shape."""
