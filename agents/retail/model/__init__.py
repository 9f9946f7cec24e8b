"""Sellers and buyers of the retail protocol that ask a language model."""
