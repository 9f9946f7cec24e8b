"""How it is run: scenarios, launch, resume, verify, replay, the command line."""

import sys

if __name__ == "sim" and sys.argv[:1] != ["-m"]:  # `python -m sim` alone may use the bare name
    raise ImportError("sim of RetailSim is retailsim.sim: write `from retailsim.sim import ...`")
