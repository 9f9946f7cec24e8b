"""The way to a language model: limits, retries, deadlines, budget, prices and the shared cache."""
