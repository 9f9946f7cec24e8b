"""Who acts: personas, the agent base, the built-in agents and plug-ins."""

if __name__ == "agents":  # imported by its bare name, it would be a second copy of every module
    raise ImportError(
        "agents of RetailSim is retailsim.agents: write `from retailsim.agents import ...`"
    )
