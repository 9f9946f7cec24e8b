"""Conversational sales: one conversation over a whole catalogue."""
