"""``python -m sim``: the same program as ``retailsim``."""

from retailsim.sim.start import main

if __name__ == "__main__":
    main()
