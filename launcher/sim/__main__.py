"""``python -m sim``: the same program as ``retailsim``."""

from retailsim.sim.cli import main

if __name__ == "__main__":
    main()
