"""How it is run: scenarios, launch, resume, verify, replay, the command line."""
