"""Formats of catalogue files: told by their content, read as rows of named cells."""
