"""Data files of the market: the built-in catalogue and the category mapping."""
