"""Two runs beside each other, and pairs of their episodes."""
