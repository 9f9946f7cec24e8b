"""What several benchmarks use: a studio that is asked, episodes from a script, peaks of memory."""
