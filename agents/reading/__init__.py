"""A language model that reads claims, for the market and whatever its protocol."""
