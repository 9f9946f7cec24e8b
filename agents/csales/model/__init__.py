"""Sellers and buyers of sales conversations that ask a language model."""
