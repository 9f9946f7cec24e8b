"""New scenarios: from a catalogue and a question to a file and the next command."""
