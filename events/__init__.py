"""What happened: message types, the in-process bus and kernel, the append-only log."""

if __name__ == "events":  # imported by its bare name, it would be a second copy of every module
    raise ImportError(
        "events of RetailSim is retailsim.events: write `from retailsim.events import ...`"
    )
