"""Sellers and buyers driven by language models, behind any provider's interface."""
