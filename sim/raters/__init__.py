"""Raters: forms for people, and a model as rater."""
