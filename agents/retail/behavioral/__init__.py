"""Sellers and buyers that need no model: seeded choice models and grammars."""
