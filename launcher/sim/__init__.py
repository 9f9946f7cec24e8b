"""The installed ``python -m sim``; the simulator itself is the package ``retailsim``."""
