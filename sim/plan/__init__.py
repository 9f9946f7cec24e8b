"""Plans: how many products and episodes a question needs, before anything is spent."""
