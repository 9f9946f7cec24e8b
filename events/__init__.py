"""What happened: message types, the in-process bus and kernel, the append-only log."""
