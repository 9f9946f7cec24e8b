"""Rules for sellers in runs: `policy check`."""
