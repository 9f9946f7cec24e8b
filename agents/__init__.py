"""Who acts: personas, the agent base, the built-in agents and plug-ins."""
