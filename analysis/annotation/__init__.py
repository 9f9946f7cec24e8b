"""Fidelity by people: what raters are shown, what they answer, what that says."""
