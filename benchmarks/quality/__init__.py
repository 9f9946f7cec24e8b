"""How good answers are, not how fast: what is covered, and what is found; each a program."""
