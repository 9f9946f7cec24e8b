"""``python -m sim``: the same program as ``retailsim``."""

import sys

import retailsim

if __name__ == "__main__":
    if not hasattr(retailsim, "__path__"):  # Python looks in the working folder first
        sys.exit(
            f"error: {retailsim.__file__} hides the installed retailsim; "
            "rename it, or call the program as retailsim"
        )
    from retailsim.sim.start import main

    main()
