"""Sellers and buyers of sales conversations that need no model."""
