"""What it means: measures replayed from the log."""
