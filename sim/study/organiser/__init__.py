"""The organiser's pages: on this machine alone."""
