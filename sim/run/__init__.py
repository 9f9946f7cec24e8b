"""A run from its folder to its end: launch, resume, verify."""
