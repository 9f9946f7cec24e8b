"""The vendors' wire formats: pure functions between our values and their JSON."""
