"""Policies of seats, whatever the protocol: what they choose by, and the files they stand in."""
